/**
 * The storage of one object, as durable objects have it.
 *
 * A `Disk` outlives every instance of its object. A `DiskSession` is what one instance sees: its
 * reads and writes touch its own view at once; the writes of a turn form a transaction that becomes
 * durable later, whole and in order. Everything the instance sends after a write waits for it (the
 * output gate). When the instance dies, a prefix of the pending transactions survives, nothing else.
 * When another instance takes over, the old session goes stale: it still reads, and none of its
 * writes is ever confirmed.
 */
import type { Prng } from '../../src/lib/prng.ts';
import { type DiskOp, type RowTable, RowTables, type StoredRow } from './row-tables.ts';
import type { Scheduler } from './scheduler.ts';
import type { DiskFaults } from './disk-session.ts';
import { DiskSession } from './disk-session.ts';

export class Disk {
  durable: RowTables = new RowTables();
  /** The session whose writes count. */
  #current: DiskSession | undefined;
  readonly scheduler: Scheduler;
  readonly faults: DiskFaults;
  /** Transactions made durable so far. */
  commits = 0;
  /** Told after each of them. */
  onCommit: () => void = () => {};

  constructor(scheduler: Scheduler, faults: DiskFaults) {
    this.scheduler = scheduler;
    this.faults = faults;
  }

  /** A new instance opens its storage; an older session goes stale from here on. */
  open(): DiskSession {
    this.#current?.fence();
    const session = new DiskSession(this, this.durable.clone());
    this.#current = session;
    return session;
  }

  commit(session: DiskSession, ops: readonly DiskOp[]): boolean {
    if (session !== this.#current) return false;
    for (const op of ops) this.durable.apply(op);
    this.commits++;
    this.onCommit();
    return true;
  }

  /** Flips one bit of one stored row; returns where, or undefined when nothing is stored. */
  flipBit(prng: Prng, tableFilter?: (table: string) => boolean): string | undefined {
    const names = [...this.durable.tables.keys()]
      .filter((name) => tableFilter?.(name) ?? true)
      .sort();
    const candidates = names.filter((name) => (this.durable.tables.get(name)?.ids.length ?? 0) > 0);
    if (candidates.length === 0) return undefined;
    const name = prng.pick(candidates);
    const table = this.durable.tables.get(name) as RowTable;
    const id = prng.pick(table.ids);
    const row = table.rows.get(id) as StoredRow;
    const whole = row.data.length > 0 ? row.data.slice() : row.head.slice();
    if (whole.length === 0) return undefined;
    const at = prng.below(whole.length);
    whole[at] = (whole[at] as number) ^ (1 << prng.below(8));
    table.rows.set(
      id,
      row.data.length > 0 ? { head: row.head, data: whole } : { head: whole, data: row.data },
    );
    return `${name}/${id} byte ${at}`;
  }
}
