/** Goal: a member that does not know what was before the first entry begins with a snapshot. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EMPTY_BYTES } from '../../src/lib/bytes.ts';
import { RawNode } from '../../src/raft/raw-node.ts';
import { type Message, MessageType, type Ready, type SnapshotMeta } from '../../src/raft/types.ts';
import { emptyLog, id, type MemoryLog, voters } from './support/memory-log.ts';

const LEADER = id('1');
const JOINER = id('2');

interface Peer {
  readonly log: MemoryLog;
  readonly node: RawNode;
}

function start(self: string, first: readonly string[], blank: boolean): Peer {
  const log = emptyLog(voters(...first));
  const node = new RawNode({
    id: self,
    storage: log,
    random: { below: () => 0 },
    nonce: new Uint8Array(8),
    electionTicks: 10,
    heartbeatTicks: 1,
    restAfterTicks: 0,
    blank,
  });
  return { log, node };
}

/** Does what a Ready says, and returns what it sends. */
function turn({ log, node }: Peer): Message[] {
  const sent: Message[] = [];
  while (node.hasReady()) {
    const ready: Ready = node.ready();
    if (ready.hardState !== undefined) log.hardState = ready.hardState;
    log.append(ready.entries);
    sent.push(...ready.earlyMessages, ...ready.messages);
    node.advance();
  }
  return sent;
}

describe('a member without a beginning', () => {
  it('refuses the first entries and is sent a snapshot, however little the log has', () => {
    const leader = start(LEADER, [LEADER], false);
    leader.node.campaign();
    turn(leader);
    const added = { type: 1, node: JOINER } as const;
    leader.node.applyConfChange({ steps: [added], transition: 'auto', context: EMPTY_BYTES });
    const joiner = start(JOINER, [], true);
    let snapshot: SnapshotMeta | undefined;
    for (let round = 0; round < 20 && snapshot === undefined; round++) {
      leader.node.tick();
      for (const message of turn(leader)) {
        assert.equal(message.to, JOINER);
        if (message.type === MessageType.snapshot) snapshot = message.snapshot;
        else joiner.node.step(message);
      }
      for (const message of turn(joiner)) leader.node.step(message);
    }
    assert.ok(snapshot !== undefined);
    assert.equal(joiner.log.lastIndex(), 0);
  });

  it('takes entries from the first on unless it is told that it has no beginning', () => {
    const peer = start(JOINER, [LEADER, JOINER], false);
    const entries = [{ term: 1, index: 1, kind: 0, data: EMPTY_BYTES }] as const;
    const append: Message = {
      type: MessageType.append,
      from: LEADER,
      to: JOINER,
      term: 1,
      logTerm: 0,
      index: 0,
      entries,
      commit: 0,
      reject: false,
      rejectHint: 0,
      context: EMPTY_BYTES,
    };
    peer.node.step(append);
    assert.deepEqual(
      turn(peer).map(({ type, reject, index }) => ({ type, reject, index })),
      [{ type: MessageType.appendResponse, reject: false, index: 1 }],
    );
    const blank = start(JOINER, [], true);
    blank.node.step(append);
    assert.deepEqual(
      turn(blank).map(({ type, reject, index }) => ({ type, reject, index })),
      [{ type: MessageType.appendResponse, reject: true, index: 0 }],
    );
  });
});
