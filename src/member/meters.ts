/** What a member counts. All but what it is billed for begin at 0 with each instance, as after a restart. */
import type { ByteReader } from '../lib/binary.ts';
import { readNote, writeNote } from '../lib/note-row.ts';
import type { RowStore } from '../lib/row-store.ts';
import type { Change } from '../mvcc/types.ts';
import { NO_NODE, type NodeId } from '../raft/types.ts';
import { TICK_MS } from '../constants.ts';
import { NO_USAGE, sumOf, type Usage } from './usage.ts';

const TABLE = 'awake';
const ROW = 0;

export interface PeerTraffic {
  sentBytes: number;
  sentFailures: number;
  receivedBytes: number;
}

export class Meters {
  readonly peers = new Map<NodeId, PeerTraffic>();
  puts = 0;
  deletes = 0;
  leaderChanges = 0;
  /** Instances of this member so far, since each time its object is needed after sleep makes one. */
  wakes = 1;
  /**
   * Time with Raft's clock running, which is when a timer keeps the object from hibernating; over all
   * instances, the last ones up to their last rest.
   */
  awakeMs = 0;
  readonly #rows: RowStore;
  #leader: NodeId = NO_NODE;
  #lastTickMs: number | undefined;
  #savedAwakeMs = -1;

  /** Of former instances, up to their last rest. */
  #formerUsage = NO_USAGE;
  readonly #usage: () => Usage;

  /** @param usage of this instance so far */
  constructor(rows: RowStore, usage: () => Usage = () => NO_USAGE) {
    this.#rows = rows;
    this.#usage = usage;
    const saved = readNote(rows, TABLE, ROW, (reader) => ({
      wakes: reader.varint(),
      awakeMs: reader.varint(),
      // Former releases counted no more.
      usage: reader.remaining === 0 ? NO_USAGE : readUsage(reader),
    }));
    if (saved === undefined) return;
    this.wakes += saved.wakes;
    this.awakeMs = saved.awakeMs;
    this.#savedAwakeMs = saved.awakeMs;
    this.#formerUsage = saved.usage;
  }

  /** Over all instances. */
  get usage(): Usage {
    return sumOf(this.#formerUsage, this.#usage());
  }

  tick(nowMs: number, leader: NodeId): void {
    // The first one was waited for, too.
    this.awakeMs +=
      this.#lastTickMs === undefined ? TICK_MS : Math.max(0, nowMs - this.#lastTickMs);
    this.#lastTickMs = nowMs;
    if (leader === NO_NODE || leader === this.#leader) return;
    this.#leader = leader;
    this.leaderChanges++;
  }

  /** The member comes to rest, and its memory may be gone the next moment. */
  rest(): void {
    this.#lastTickMs = undefined;
    if (this.awakeMs === this.#savedAwakeMs) return;
    this.#savedAwakeMs = this.awakeMs;
    const { requests, messages, rowsRead, rowsWritten } = this.usage;
    writeNote(this.#rows, TABLE, ROW, (writer) => {
      writer.varint(this.wakes);
      writer.varint(Math.floor(this.awakeMs));
      // The row that is written here is one of them.
      for (const count of [requests, messages, rowsRead, rowsWritten + 1]) writer.varint(count);
    });
  }

  applied(changes: readonly Change[]): void {
    for (const { type } of changes) {
      if (type === 'put') this.puts++;
      else this.deletes++;
    }
  }

  sent(to: NodeId, bytes: number): void {
    this.#of(to).sentBytes += bytes;
  }

  notSent(to: NodeId): void {
    this.#of(to).sentFailures++;
  }

  received(from: NodeId | undefined, bytes: number): void {
    if (from !== undefined) this.#of(from).receivedBytes += bytes;
  }

  #of(id: NodeId): PeerTraffic {
    let traffic = this.peers.get(id);
    if (traffic === undefined) {
      traffic = { sentBytes: 0, sentFailures: 0, receivedBytes: 0 };
      this.peers.set(id, traffic);
    }
    return traffic;
  }
}

function readUsage(reader: ByteReader): Usage {
  const next = (): number => reader.varint();
  return { requests: next(), messages: next(), rowsRead: next(), rowsWritten: next() };
}
