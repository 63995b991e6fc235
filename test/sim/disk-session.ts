/** What one instance sees of its object's storage; see disk.ts. */
import { ROW_BYTES_MAX } from '../../src/constants.ts';
import {
  type Row,
  type RowHead,
  type RowStore,
  RowTooBigError,
  StorageFullError,
} from '../../src/lib/row-store.ts';
import type { DiskOp, RowTables, StoredRow } from './row-tables.ts';
import type { Scheduler } from './scheduler.ts';

/** The instance ends here, in the middle of a statement. Nothing may catch it and go on. */
export class SimulatedCrash extends Error {
  override readonly name = 'SimulatedCrash';
}

export interface DiskFaults {
  /** Time a transaction takes to become durable, drawn for each. */
  commitDelayMs(): number;
  /** Writes beyond this many bytes fail. */
  readonly bytesMax: () => number;
  /**
   * Breaks the contract on purpose: a crash may keep part of a transaction. Only for the mutant that
   * proves a torn batch would be noticed.
   */
  readonly tornBatches: boolean;
}

/** The disk under a session. */
export interface DiskHandle {
  readonly scheduler: Scheduler;
  readonly faults: DiskFaults;
  /** Makes a transaction durable; false when the session is no longer the current one. */
  commit(session: DiskSession, ops: readonly DiskOp[]): boolean;
}

interface Pending {
  readonly ops: readonly DiskOp[];
  readonly sequence: number;
}

export class DiskSession implements RowStore {
  readonly #disk: DiskHandle;
  readonly #view: RowTables;
  /** Writes of the turn that is running. */
  #open: DiskOp[] = [];
  /** Closed transactions on their way to the disk, oldest first. */
  readonly #pending: Pending[] = [];
  #sequence = 0;
  /** The disk works on one transaction at a time: the next cannot be durable before this. */
  #busyUntilMs = 0;
  /** What was sent behind writes: runs once transaction `after` is durable. In order. */
  readonly #gated: { readonly after: number; readonly run: () => void }[] = [];
  /** Inverses of the writes made inside `atomically`, newest last. */
  #undo: (() => void)[] = [];
  #depth = 0;
  #stale = false;
  #dead = false;
  /** Storage statements so far. */
  statements = 0;
  /** Dies when `statements` reaches this. */
  crashAt = Infinity;
  /** Told once, when the session dies at a statement. */
  onCrash: () => void = () => {};
  /** Told once, when a stale session has written: the platform then resets the instance soon. */
  onStaleWrite: () => void = () => {};

  constructor(disk: DiskHandle, view: RowTables) {
    this.#disk = disk;
    this.#view = view;
  }

  get stale(): boolean {
    return this.#stale;
  }
  get dead(): boolean {
    return this.#dead;
  }
  get alarmAtMs(): number | undefined {
    return this.#view.alarmAtMs;
  }
  /** Writes not yet durable. */
  get unconfirmed(): number {
    return this.#pending.length + (this.#open.length > 0 ? 1 : 0);
  }
  /** Things sent that wait for a write. */
  get held(): number {
    return this.#gated.length;
  }

  /** Sends, now or when every write made so far is durable. */
  output(run: () => void): void {
    if (this.#dead) return;
    if (this.unconfirmed === 0) run();
    else
      this.#gated.push({ after: this.#open.length > 0 ? this.#sequence + 1 : this.#sequence, run });
  }

  setAlarm(atMs: number | undefined): void {
    this.#write({ kind: 'alarm', atMs });
  }

  /** Another instance has taken over: nothing written from now on is ever confirmed. */
  fence(): void {
    this.#stale = true;
  }

  /**
   * Another instance takes over: the oldest `count` transactions on their way are still confirmed,
   * later ones never will be.
   */
  surrender(count: number): void {
    for (const pending of this.#pending.slice(0, count)) this.#confirm(pending);
    this.fence();
  }

  /**
   * Ends the instance. Of the transactions still on their way, a prefix chosen by `survivors` (given
   * their number) is durable all the same: the disk had it, the instance did not hear of it.
   */
  kill(survivors: (pending: number) => number): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#gated.length = 0;
    if (this.#stale) return;
    this.keepPrefix(survivors(this.#pending.length));
  }

  /** Makes the oldest `count` pending transactions durable and forgets the rest. */
  keepPrefix(count: number): void {
    const kept = this.#pending.splice(0, count);
    for (const { ops } of kept) this.#disk.commit(this, ops);
    if (this.#disk.faults.tornBatches) {
      // The run that a crash at a statement ends is torn where it stands; one that was whole, in half.
      const torn = this.#pending[0]?.ops;
      this.#disk.commit(this, torn?.slice(0, torn.length >> 1) ?? this.#open);
    }
    this.#pending.length = 0;
    this.#open = [];
  }

  get(table: string, id: number): Row | undefined {
    this.#statement();
    return rowOf(id, this.#view.tables.get(table)?.rows.get(id));
  }

  floor(name: string, id: number): Row | undefined {
    this.#statement();
    const table = this.#view.tables.get(name);
    if (table === undefined) return undefined;
    const at = table.position(id);
    const found = table.ids[at] === id ? id : table.ids[at - 1];
    return found === undefined ? undefined : rowOf(found, table.rows.get(found));
  }

  ceiling(name: string, id: number): Row | undefined {
    this.#statement();
    const table = this.#view.tables.get(name);
    const found = table?.ids[table.position(id)];
    return found === undefined ? undefined : rowOf(found, table?.rows.get(found));
  }

  heads(name: string, from: number, to: number, limit: number): RowHead[] {
    this.#statement();
    const table = this.#view.tables.get(name);
    if (table === undefined) return [];
    return table.between(from, to, limit).map((id) => {
      const row = table.rows.get(id) as StoredRow;
      return { id, head: row.head.slice() };
    });
  }

  rows(name: string, from: number, to: number, limit: number): Row[] {
    this.#statement();
    const table = this.#view.tables.get(name);
    if (table === undefined) return [];
    return table.between(from, to, limit).map((id) => rowOf(id, table.rows.get(id)) as Row);
  }

  put(table: string, id: number, head: Uint8Array, data: Uint8Array): void {
    if (!Number.isSafeInteger(id) || id < 0) throw new RangeError(`put ${table}/${id}: bad row id`);
    if (head.length + data.length > ROW_BYTES_MAX) {
      throw new RowTooBigError(
        `put ${table}/${id}: ${head.length + data.length} bytes, at most ${ROW_BYTES_MAX}`,
      );
    }
    this.#statement();
    if (this.#view.bytes + data.length > this.#disk.faults.bytesMax()) {
      throw new StorageFullError(`put ${table}/${id}: database or disk is full: SQLITE_FULL`);
    }
    this.#write({ kind: 'put', table, id, row: { head: head.slice(), data: data.slice() } });
  }

  delete(table: string, id: number): void {
    this.deleteRange(table, id, id);
  }

  deleteRange(table: string, from: number, to: number): void {
    this.#statement();
    this.#write({ kind: 'deleteRange', table, from, to });
  }

  drop(table: string): void {
    this.#statement();
    this.#write({ kind: 'drop', table });
  }

  tables(): string[] {
    this.#statement();
    const names: string[] = [];
    for (const [name, table] of this.#view.tables) if (table.ids.length > 0) names.push(name);
    return names.sort();
  }

  sizeBytes(): number {
    return this.#view.bytes;
  }

  atomically<T>(run: () => T): T {
    const undoFrom = this.#undo.length;
    const openFrom = this.#open.length;
    this.#depth++;
    try {
      const result = run();
      if (result instanceof Promise)
        throw new TypeError('atomically: the function must not be async');
      return result;
    } catch (error) {
      while (this.#undo.length > undoFrom) this.#undo.pop()?.();
      this.#open.length = openFrom;
      throw error;
    } finally {
      this.#depth--;
      if (this.#depth === 0) this.#undo = [];
    }
  }

  #statement(): void {
    if (this.#dead) throw new SimulatedCrash('the instance is dead');
    this.statements++;
    if (this.statements < this.crashAt) return;
    this.crashAt = Infinity;
    this.onCrash();
    throw new SimulatedCrash(`crashed at storage statement ${this.statements}`);
  }

  #write(op: DiskOp): void {
    if (this.#dead) throw new SimulatedCrash('the instance is dead');
    if (this.#depth > 0) this.#undo.push(this.#inverse(op));
    this.#view.apply(op);
    if (this.#open.length === 0) {
      // The end of the synchronous run that wrote first: the platform's transaction closes there.
      queueMicrotask(() => {
        this.#close();
      });
    }
    this.#open.push(op);
    if (this.#stale) this.onStaleWrite();
  }

  #inverse(op: DiskOp): () => void {
    const view = this.#view;
    if (op.kind === 'alarm') {
      const before = view.alarmAtMs;
      return () => {
        view.apply({ kind: 'alarm', atMs: before });
      };
    }
    const name = op.table;
    const table = view.tables.get(name);
    const [from, to] =
      op.kind === 'put' ? [op.id, op.id] : op.kind === 'drop' ? [0, Infinity] : [op.from, op.to];
    const before = (table?.between(from, to, Infinity) ?? []).map(
      (id) => [id, table?.rows.get(id) as StoredRow] as const,
    );
    return () => {
      view.apply({ kind: 'deleteRange', table: name, from, to });
      for (const [id, row] of before) view.apply({ kind: 'put', table: name, id, row });
    };
  }

  #close(): void {
    if (this.#dead || this.#open.length === 0) return;
    const pending: Pending = { ops: this.#open, sequence: ++this.#sequence };
    this.#open = [];
    this.#pending.push(pending);
    if (this.#stale) return;
    const { scheduler, faults } = this.#disk;
    const atMs = Math.max(this.#busyUntilMs, scheduler.nowMs + faults.commitDelayMs());
    this.#busyUntilMs = atMs;
    scheduler.at(atMs, () => {
      this.#confirm(pending);
    });
  }

  #confirm(pending: Pending): void {
    if (this.#dead || this.#stale) return;
    if (this.#pending[0] !== pending) {
      throw new Error(`confirm transaction ${pending.sequence}: an older one is still on its way`);
    }
    if (!this.#disk.commit(this, pending.ops)) return;
    this.#pending.shift();
    let released = 0;
    for (const gated of this.#gated) {
      if (gated.after > pending.sequence) break;
      released++;
    }
    for (const { run } of this.#gated.splice(0, released)) run();
  }
}

function rowOf(id: number, row: StoredRow | undefined): Row | undefined {
  return row === undefined ? undefined : { id, head: row.head.slice(), data: row.data.slice() };
}
