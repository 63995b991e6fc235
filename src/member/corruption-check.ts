/**
 * Do all members hold the same? While the cluster is awake and something was written, its leader asks
 * the others now and then for their hashes at one revision (etcd rule M17). Who differs from a majority
 * is named by an alarm CORRUPT: the cluster takes no mutation any more, and that member serves nothing,
 * until an operator clears the alarm; it then throws away what it holds and fetches the others' state.
 */
import { StatusError } from '../api/errors.ts';
import { AlarmAction, AlarmType, idToLong } from '../api/messages.ts';
import type { StateMachine } from '../apply/state-machine.ts';
import {
  CORRUPTION_CHECK_MS_DEFAULT,
  HASH_REQUEST_TIMEOUT_MS,
  HASH_WAIT_MS_MAX,
  TICK_MS,
} from '../constants.ts';
import { ByteReader, ByteWriter } from '../lib/binary.ts';
import { readNote, writeNote } from '../lib/note-row.ts';
import type { RowStore } from '../lib/row-store.ts';
import type { HashResult } from '../mvcc/types.ts';
import type { RawNode } from '../raft/raw-node.ts';
import type { NodeId } from '../raft/types.ts';
import { PEER_HASH_PATH } from './peer-protocol.ts';
import type { Clock, Log, PeerAddress, Transport } from './ports.ts';
import type { Proposal } from './proposal-queue.ts';
import { sleep } from './upkeep.ts';

export interface CorruptionPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly rows: RowStore;
  readonly transport: Transport;
  readonly self: NodeId;
  readonly state: StateMachine;
  readonly raft: Pick<RawNode, 'leader' | 'transferLeader' | 'status'>;
  /** Pause between two checks; 0: none are made. */
  readonly intervalMs: number | undefined;
  readonly addressOf: (id: NodeId) => PeerAddress | undefined;
  readonly propose: (proposal: Proposal) => Promise<unknown>;
  readonly hash: (revision: number) => Promise<HashResult>;
  /** This member's state is not the cluster's: it is to be fetched anew. */
  readonly beginAnew: (reason: string) => void;
}

const TABLE = 'hash_check';
const ROW = 0;

/** One member's hash; undefined when it could not tell. */
type Answers = ReadonlyMap<NodeId, HashResult | undefined>;

export class CorruptionCheck {
  readonly #ports: CorruptionPorts;
  readonly #intervalMs: number;
  /** What was checked last and when; undefined: nothing is known of that. */
  #last: { readonly revision: number; readonly atMs: number } | undefined;
  #running = false;
  #fenced: boolean;

  constructor(ports: CorruptionPorts) {
    this.#ports = ports;
    this.#intervalMs = ports.intervalMs ?? CORRUPTION_CHECK_MS_DEFAULT;
    const last = readNote(ports.rows, TABLE, ROW, (reader) => ({
      revision: reader.varint(),
      atMs: reader.varint(),
    }));
    if (last !== undefined) this.#last = last;
    this.#fenced = this.fenced;
  }

  /** The others found this member to hold something else: it serves nothing. */
  get fenced(): boolean {
    const { state, self } = this.#ports;
    if (state.alarms.all.length === 0) return false;
    return state.alarms.all.some(
      ({ memberId, type }) => type === AlarmType.CORRUPT && memberId === self,
    );
  }

  get refusal(): StatusError | undefined {
    return this.fenced ? StatusError.of('corrupt') : undefined;
  }

  /** Called at each tick while the member is awake. */
  tick(nowMs: number): void {
    const { state, raft, self } = this.#ports;
    const { revision } = state.mvcc;
    if (this.#intervalMs === 0 || this.#running || raft.leader !== self) return;
    if (this.#last === undefined) {
      this.#note(0, nowMs);
      return;
    }
    const sinceMs = nowMs - this.#last.atMs;
    if (sinceMs < this.#intervalMs || revision === this.#last.revision) return;
    this.#running = true;
    const finish = (): void => {
      this.#running = false;
    };
    this.#check(nowMs).then(finish, (error: unknown) => {
      finish();
      this.#ports.log.warn('members not compared', { error: String(error) });
    });
  }

  /** An entry was applied; it may have changed alarms. */
  afterEntry(): void {
    const { raft, self, state, beginAnew } = this.#ports;
    const before = this.#fenced;
    this.#fenced = this.fenced;
    if (before === this.#fenced) return;
    if (this.#fenced && raft.leader === self) {
      const corrupt = new Set(state.alarms.all.map(({ memberId }) => memberId));
      const other = state.membership.members.find(
        ({ id, isLearner }) => !isLearner && !corrupt.has(id),
      );
      if (other !== undefined) raft.transferLeader(other.id);
    }
    if (before) beginAnew('its content differed from that of the other members');
  }

  /** A peer's question: the hash at a revision, once this member has come that far. */
  async answer(body: Uint8Array): Promise<Uint8Array> {
    const { state, clock, hash } = this.#ports;
    const revision = new ByteReader(body).varint();
    for (let waitedMs = 0; state.mvcc.revision < revision; waitedMs += TICK_MS) {
      if (waitedMs >= HASH_WAIT_MS_MAX) throw StatusError.of('futureRev');
      await sleep(clock, TICK_MS);
    }
    const found = await hash(revision);
    const writer = new ByteWriter();
    writer.varint(found.revision);
    writer.varint(found.hash);
    writer.varint(found.compactRevision + 1);
    return writer.finish();
  }

  async #check(nowMs: number): Promise<void> {
    const { state, self, hash, log } = this.#ports;
    const { revision } = state.mvcc;
    const own = await hash(revision);
    const others = state.membership.members.filter(({ id }) => id !== self);
    const asked = await Promise.all(
      others.map(async ({ id }) => [id, await this.#ask(id, revision)] as const),
    );
    const odd = oddOnesOut(new Map([[self, own], ...asked]), own);
    for (const id of odd) {
      log.warn('a member holds something else than the others', { member: id, revision });
      await this.#ports.propose({
        alarm: {
          action: AlarmAction.ACTIVATE,
          memberID: id === '' ? 0 : idToLong(id),
          alarm: AlarmType.CORRUPT,
        },
      });
    }
    this.#note(revision, nowMs);
  }

  async #ask(id: NodeId, revision: number): Promise<HashResult | undefined> {
    const { addressOf, transport } = this.#ports;
    const address = addressOf(id);
    if (address === undefined) return undefined;
    const body = new ByteWriter();
    body.varint(revision);
    try {
      const answer = await transport.request(
        address,
        PEER_HASH_PATH,
        body.finish(),
        HASH_REQUEST_TIMEOUT_MS,
      );
      const reader = new ByteReader(answer);
      return {
        revision: reader.varint(),
        hash: reader.varint(),
        compactRevision: reader.varint() - 1,
      };
    } catch {
      return undefined;
    }
  }

  #note(revision: number, atMs: number): void {
    this.#last = { revision, atMs };
    writeNote(this.#ports.rows, TABLE, ROW, (writer) => {
      writer.varint(revision);
      writer.varint(Math.max(0, Math.floor(atMs)));
    });
  }
}

/**
 * Members whose hash is not that of more than half of those that can be compared with `own`; where no
 * hash is, nobody knows who is right: the empty id, which stands for the cluster.
 */
export function oddOnesOut(answers: Answers, own: HashResult): readonly NodeId[] {
  const counts = new Map<number, number>();
  const comparable: [NodeId, number][] = [];
  for (const [id, answer] of answers) {
    if (answer?.revision !== own.revision || answer.compactRevision !== own.compactRevision)
      continue;
    comparable.push([id, answer.hash]);
    counts.set(answer.hash, (counts.get(answer.hash) ?? 0) + 1);
  }
  if (counts.size <= 1) return [];
  const right = [...counts].find(([, count]) => count > comparable.length / 2)?.[0];
  if (right === undefined) return [''];
  return comparable.filter(([, hash]) => hash !== right).map(([id]) => id);
}
