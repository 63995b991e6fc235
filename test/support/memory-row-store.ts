/**
 * A RowStore in memory with the faults of a real one: writes that are lost in a crash, statements
 * that fail, bits that flip. One image and an undo log: what is in the undo log is not durable yet.
 */
import { RowTooBigError } from '../../src/lib/row-store.ts';
import type { Row, RowHead, RowStore } from '../../src/lib/row-store.ts';
import { ROW_BYTES_MAX } from '../../src/constants.ts';

export type Statement =
  'get' | 'floor' | 'ceiling' | 'heads' | 'rows' | 'put' | 'delete' | 'deleteRange' | 'drop';

export interface MemoryRowStoreOptions {
  /** Called before each statement; may throw to make it fail, with nothing done. */
  readonly beforeStatement?: (statement: Statement, table: string, id: number) => void;
}

/** Rows of one table, with their ids in order. */
class Table {
  readonly rows = new Map<number, Row>();
  /** Invariant: ascending, exactly the keys of `rows`. */
  readonly ids: number[] = [];

  /** Position of the first id >= `id`. */
  position(id: number): number {
    let low = 0;
    let high = this.ids.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.ids[middle] as number) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  set(id: number, row: Row | undefined): void {
    const known = this.rows.has(id);
    if (row === undefined) {
      if (known) this.ids.splice(this.position(id), 1);
      this.rows.delete(id);
      return;
    }
    if (!known) {
      const last = this.ids[this.ids.length - 1];
      if (last === undefined || last < id) this.ids.push(id);
      else this.ids.splice(this.position(id), 0, id);
    }
    this.rows.set(id, row);
  }

  clone(): Table {
    const copy = new Table();
    for (const id of this.ids) copy.set(id, this.rows.get(id));
    return copy;
  }
}

type Undo =
  | {
      readonly kind: 'row';
      readonly table: string;
      readonly id: number;
      readonly row: Row | undefined;
    }
  | { readonly kind: 'table'; readonly table: string; readonly content: Table | undefined };

export class MemoryRowStore implements RowStore {
  #tables = new Map<string, Table>();
  /** How to get back to the durable image, newest step last. */
  #undo: Undo[] = [];
  #bytes = 0;
  #gone = false;
  readonly #options: MemoryRowStoreOptions;
  /** Rows read and written since construction, as the platform would bill them. */
  rowsRead = 0;
  rowsWritten = 0;

  constructor(options: MemoryRowStoreOptions = {}) {
    this.#options = options;
  }

  /** Makes every write so far durable: the end of a turn whose output gate opened. */
  sync(): void {
    this.#check();
    this.#undo = [];
  }

  /** True while writes are not durable. */
  get pending(): boolean {
    return this.#undo.length > 0;
  }

  /** Drops what is not durable; this store is dead, the one returned holds the durable image. */
  crash(options: MemoryRowStoreOptions = this.#options): MemoryRowStore {
    this.#check();
    this.#rollback(0);
    const reopened = new MemoryRowStore(options);
    reopened.#tables = this.#tables;
    reopened.#bytes = this.#bytes;
    this.#gone = true;
    return reopened;
  }

  /** An independent copy, pending writes included: what a stale second instance still sees. */
  fork(options: MemoryRowStoreOptions = this.#options): MemoryRowStore {
    this.#check();
    const copy = new MemoryRowStore(options);
    for (const [name, table] of this.#tables) copy.#tables.set(name, table.clone());
    copy.#bytes = this.#bytes;
    return copy;
  }

  /** Flips bit `bit` (counted from the first bit of the head, on through the data) of a stored row. */
  flipBit(table: string, id: number, bit: number): void {
    const row = this.#tables.get(table)?.rows.get(id);
    if (row === undefined) throw new RangeError(`flip a bit: no row ${id} in table ${table}`);
    const head = row.head.slice();
    const data = row.data.slice();
    const at = bit >> 3;
    const [part, offset] = at < head.length ? [head, at] : [data, at - head.length];
    if (offset >= part.length) throw new RangeError(`flip bit ${bit}: row ${id} ends before it`);
    part[offset] = (part[offset] as number) ^ (1 << (bit & 7));
    this.#tables.get(table)?.set(id, { id, head, data });
  }

  get(table: string, id: number): Row | undefined {
    this.#before('get', table, id);
    return this.#read(this.#tables.get(table)?.rows.get(id));
  }

  floor(table: string, id: number): Row | undefined {
    this.#before('floor', table, id);
    const content = this.#tables.get(table);
    if (content === undefined) return undefined;
    const above = content.position(id);
    const found = content.ids[above] === id ? id : content.ids[above - 1];
    return found === undefined ? undefined : this.#read(content.rows.get(found));
  }

  ceiling(table: string, id: number): Row | undefined {
    this.#before('ceiling', table, id);
    const content = this.#tables.get(table);
    const found = content?.ids[content.position(id)];
    return found === undefined ? undefined : this.#read(content?.rows.get(found));
  }

  heads(table: string, from: number, to: number, limit: number): RowHead[] {
    this.#before('heads', table, from);
    return this.#slice(table, from, to, limit).map((row) => ({
      id: row.id,
      head: row.head.slice(),
    }));
  }

  rows(table: string, from: number, to: number, limit: number): Row[] {
    this.#before('rows', table, from);
    return this.#slice(table, from, to, limit).map(copyRow);
  }

  put(table: string, id: number, head: Uint8Array, data: Uint8Array): void {
    this.#before('put', table, id);
    const bytes = head.length + data.length;
    if (bytes > ROW_BYTES_MAX) {
      throw new RowTooBigError(
        `put row ${id} of ${table}: ${bytes} bytes, more than ${ROW_BYTES_MAX}`,
      );
    }
    this.#set(table, id, { id, head: head.slice(), data: data.slice() });
  }

  delete(table: string, id: number): void {
    this.#before('delete', table, id);
    if (this.#tables.get(table)?.rows.has(id) === true) this.#set(table, id, undefined);
  }

  deleteRange(table: string, from: number, to: number): void {
    this.#before('deleteRange', table, from);
    for (const row of this.#slice(table, from, to, Infinity)) this.#set(table, row.id, undefined);
  }

  drop(table: string): void {
    this.#before('drop', table, 0);
    const content = this.#tables.get(table);
    if (content === undefined) return;
    this.#undo.push({ kind: 'table', table, content });
    this.#tables.delete(table);
    for (const row of content.rows.values()) this.#bytes -= row.head.length + row.data.length;
  }

  tables(): string[] {
    this.#check();
    return [...this.#tables.keys()].sort();
  }

  sizeBytes(): number {
    this.#check();
    return this.#bytes;
  }

  atomically<T>(run: () => T): T {
    this.#check();
    const mark = this.#undo.length;
    try {
      const result = run();
      if (result instanceof Promise) {
        throw new TypeError('atomically: the function returned a promise; it must be synchronous');
      }
      return result;
    } catch (error) {
      this.#rollback(mark);
      throw error;
    }
  }

  #slice(table: string, from: number, to: number, limit: number): Row[] {
    const content = this.#tables.get(table);
    if (content === undefined) return [];
    const found: Row[] = [];
    for (let at = content.position(from); at < content.ids.length && found.length < limit; at++) {
      const row = content.rows.get(content.ids[at] as number) as Row;
      if (row.id > to) break;
      found.push(row);
    }
    this.rowsRead += found.length;
    return found;
  }

  #read(row: Row | undefined): Row | undefined {
    if (row === undefined) return undefined;
    this.rowsRead++;
    return copyRow(row);
  }

  #set(name: string, id: number, row: Row | undefined): void {
    let table = this.#tables.get(name);
    if (table === undefined) {
      table = new Table();
      this.#tables.set(name, table);
      this.#undo.push({ kind: 'table', table: name, content: undefined });
    }
    const before = table.rows.get(id);
    this.#undo.push({ kind: 'row', table: name, id, row: before });
    table.set(id, row);
    this.#bytes += bytesIn(row) - bytesIn(before);
    this.rowsWritten++;
  }

  #rollback(mark: number): void {
    while (this.#undo.length > mark) {
      const step = this.#undo.pop() as Undo;
      if (step.kind === 'row') {
        const table = this.#tables.get(step.table) as Table;
        this.#bytes += bytesIn(step.row) - bytesIn(table.rows.get(step.id));
        table.set(step.id, step.row);
      } else if (step.content === undefined) {
        this.#tables.delete(step.table);
      } else {
        this.#tables.set(step.table, step.content);
        for (const row of step.content.rows.values()) this.#bytes += bytesIn(row);
      }
    }
  }

  #before(statement: Statement, table: string, id: number): void {
    this.#check();
    if (!/^[a-z][a-z0-9_]{0,63}$/.test(table)) {
      throw new RangeError(
        `table "${table}": not a name of a-z, 0-9 and _ that begins with a letter`,
      );
    }
    if (!(Number.isSafeInteger(id) && id >= 0)) {
      throw new RangeError(`${statement} in ${table}: id ${id} is not a safe integer >= 0`);
    }
    this.#options.beforeStatement?.(statement, table, id);
  }

  #check(): void {
    if (this.#gone) throw new Error('this store crashed; use the one that crash() returned');
  }
}

function bytesIn(row: Row | undefined): number {
  return row === undefined ? 0 : row.head.length + row.data.length;
}

function copyRow(row: Row): Row {
  return { id: row.id, head: row.head.slice(), data: row.data.slice() };
}
