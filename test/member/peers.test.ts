import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COMMIT_NEWS_DELAY_MS, PEER_FRAME_BYTES_MAX } from '../../src/constants.ts';
import { Peers } from '../../src/member/peers.ts';
import type { PeerAddress } from '../../src/member/ports.ts';
import { decodeMessages } from '../../src/raft/codec.ts';
import { EntryKind, type Message, MessageType } from '../../src/raft/types.ts';
import { messageOf } from '../support/raft-message.ts';
import { ManualClock } from './support/manual-clock.ts';

const [A, B, C] = ['a'.repeat(16), 'b'.repeat(16), 'c'.repeat(16)] as const;

function message(to: string, changes: Partial<Message> = {}): Message {
  return messageOf({ from: A, to, ...changes });
}
const append = (to: string, bytes: number, changes: Partial<Message> = {}): Message =>
  message(to, {
    type: MessageType.append,
    entries: [{ term: 1, index: 1, kind: EntryKind.normal, data: new Uint8Array(bytes) }],
    ...changes,
  });
const commit = (to: string, commit: number): Message =>
  message(to, { type: MessageType.commit, commit });

function setUp({ down = [] as readonly string[] } = {}) {
  const clock = new ManualClock();
  const sent: { readonly to: string; readonly messages: Message[]; readonly bytes: number }[] = [];
  const unreachable: string[] = [];
  let quiet = 0;
  const transport = {
    send: (to: PeerAddress, frame: Uint8Array) => {
      if (down.includes(to.id)) return false;
      sent.push({ to: to.id, messages: decodeMessages(frame), bytes: frame.length });
      return true;
    },
    request: () => assert.fail('not used'),
    quiet: () => {
      quiet++;
    },
  };
  const peers = new Peers(
    { clock, transport },
    (id) => (id === C ? undefined : { id, peerUrls: [] }),
    (id) => void unreachable.push(id),
  );
  return { clock, sent, unreachable, peers, quietCount: () => quiet };
}

describe('Peers', () => {
  it('sends one frame per peer, in order', () => {
    const { peers, sent } = setUp();
    peers.send([message(A, { index: 1 }), message(B), message(A, { index: 2 })]);
    assert.deepEqual(
      sent.map(({ to, messages }) => [to, messages.map(({ index }) => index)]),
      [
        [A, [1, 2]],
        [B, [0]],
      ],
    );
  });

  it('cuts frames at PEER_FRAME_BYTES_MAX, and lets a larger message have one of its own', () => {
    const { peers, sent } = setUp();
    const third = Math.floor(PEER_FRAME_BYTES_MAX / 3);
    const sizes = [third, third, third, third, PEER_FRAME_BYTES_MAX + 1, 1];
    peers.send(sizes.map((bytes, index) => append(A, bytes, { index })));
    const indexes = sent.map(({ messages }) => messages.map(({ index }) => index));
    assert.deepEqual(indexes, [[0, 1], [2, 3], [4], [5]]);
    for (const { bytes, messages } of sent) {
      assert.ok(messages.length === 1 || bytes <= PEER_FRAME_BYTES_MAX);
    }
  });

  it('tells of a peer that is down or has no address, once for all its frames', () => {
    const { peers, sent, unreachable } = setUp({ down: [B] });
    peers.send([append(B, PEER_FRAME_BYTES_MAX), append(B, PEER_FRAME_BYTES_MAX), message(C)]);
    assert.deepEqual(unreachable, [B, C]);
    assert.equal(sent.length, 0);
  });

  it('holds news of a commit for a moment, and sends the newest alone', async () => {
    const { peers, sent, clock } = setUp();
    peers.send([commit(A, 5)]);
    peers.send([commit(A, 6), commit(B, 6)]);
    await clock.advance(COMMIT_NEWS_DELAY_MS - 1);
    assert.equal(sent.length, 0);
    await clock.advance(1);
    assert.deepEqual(
      sent.map(({ to, messages }) => [to, messages.map((each) => each.commit)]),
      [
        [A, [6]],
        [B, [6]],
      ],
    );
    await clock.advance(1_000);
    assert.equal(sent.length, 2);
  });

  it('drops news that an append carries, and sends them along with other messages', async () => {
    const { peers, sent, clock } = setUp();
    peers.send([commit(A, 5), commit(B, 5)]);
    peers.send([append(A, 1, { commit: 5 }), message(B)]);
    assert.deepEqual(
      sent.map(({ messages }) => messages.map(({ type }) => type)),
      [[MessageType.append], [MessageType.commit, MessageType.heartbeat]],
    );
    peers.send([commit(A, 7)]);
    peers.send([append(A, 1, { commit: 6 })]);
    assert.deepEqual(
      sent[2]?.messages.map(({ type }) => type),
      [MessageType.commit, MessageType.append],
      'an append that says less does not replace them',
    );
    await clock.advance(COMMIT_NEWS_DELAY_MS);
    assert.equal(sent.length, 3);
  });

  it('has no timer and sends nothing once it is quiet', async () => {
    const { peers, sent, clock, quietCount } = setUp();
    peers.send([commit(A, 5)]);
    peers.quiet();
    assert.equal(clock.pendingTimers, 0);
    await clock.advance(1_000);
    assert.equal(sent.length, 0);
    assert.equal(quietCount(), 1);
  });
});
