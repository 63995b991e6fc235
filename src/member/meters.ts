/** What a member counts. All but its times awake begin at 0 with each instance, as after a restart. */
import { readNote, writeNote } from '../lib/note-row.ts';
import type { RowStore } from '../lib/row-store.ts';
import type { Change } from '../mvcc/types.ts';
import { NO_NODE, type NodeId } from '../raft/types.ts';

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
  /** Time with Raft's clock running, over all instances; the last ones up to their last rest. */
  awakeMs = 0;
  readonly #rows: RowStore;
  #leader: NodeId = NO_NODE;
  #lastTickMs: number | undefined;
  #savedAwakeMs = -1;

  constructor(rows: RowStore) {
    this.#rows = rows;
    const saved = readNote(rows, TABLE, ROW, (reader) => ({
      wakes: reader.varint(),
      awakeMs: reader.varint(),
    }));
    if (saved === undefined) return;
    this.wakes += saved.wakes;
    this.awakeMs = saved.awakeMs;
    this.#savedAwakeMs = saved.awakeMs;
  }

  tick(nowMs: number, leader: NodeId): void {
    if (this.#lastTickMs !== undefined) this.awakeMs += Math.max(0, nowMs - this.#lastTickMs);
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
    writeNote(this.#rows, TABLE, ROW, (writer) => {
      writer.varint(this.wakes);
      writer.varint(Math.floor(this.awakeMs));
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
