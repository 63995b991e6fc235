/** Rows in memory, in order of id: what a disk holds durably, and what one instance sees of it. */

export interface StoredRow {
  readonly head: Uint8Array;
  readonly data: Uint8Array;
}

/** One change of a disk. `alarm` travels with the rows: platforms store it in the same transaction. */
export type DiskOp =
  | { readonly kind: 'put'; readonly table: string; readonly id: number; readonly row: StoredRow }
  | {
      readonly kind: 'deleteRange';
      readonly table: string;
      readonly from: number;
      readonly to: number;
    }
  | { readonly kind: 'drop'; readonly table: string }
  | { readonly kind: 'alarm'; readonly atMs: number | undefined };

/** Bytes a row costs beyond its contents, so that many empty rows are not free. */
const ROW_OVERHEAD_BYTES = 16;

export class RowTable {
  /** Ascending, without duplicates; the keys of `rows`. */
  readonly ids: number[];
  readonly rows: Map<number, StoredRow>;

  constructor(ids: number[] = [], rows: Map<number, StoredRow> = new Map()) {
    this.ids = ids;
    this.rows = rows;
  }

  clone(): RowTable {
    return new RowTable(this.ids.slice(), new Map(this.rows));
  }

  /** Position of the first id >= `id`. */
  position(id: number): number {
    const ids = this.ids;
    let low = 0;
    let high = ids.length;
    if (high > 0 && (ids[high - 1] as number) < id) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ids[middle] as number) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  put(id: number, row: StoredRow): void {
    if (!this.rows.has(id)) {
      const at = this.position(id);
      if (at === this.ids.length) this.ids.push(id);
      else this.ids.splice(at, 0, id);
    }
    this.rows.set(id, row);
  }

  /** Ids with from <= id <= to, ascending, at most `limit`. */
  between(from: number, to: number, limit: number): number[] {
    const found: number[] = [];
    for (let at = this.position(from); at < this.ids.length && found.length < limit; at++) {
      const id = this.ids[at] as number;
      if (id > to) break;
      found.push(id);
    }
    return found;
  }

  deleteRange(from: number, to: number): void {
    const start = this.position(from);
    let end = start;
    while (end < this.ids.length && (this.ids[end] as number) <= to) {
      this.rows.delete(this.ids[end] as number);
      end++;
    }
    if (end > start) this.ids.splice(start, end - start);
  }
}

export class RowTables {
  readonly tables: Map<string, RowTable>;
  #bytes: number;
  alarmAtMs: number | undefined;

  constructor(tables: Map<string, RowTable> = new Map(), bytes = 0, alarmAtMs?: number) {
    this.tables = tables;
    this.#bytes = bytes;
    this.alarmAtMs = alarmAtMs;
  }

  get bytes(): number {
    return this.#bytes;
  }

  clone(): RowTables {
    const tables = new Map<string, RowTable>();
    for (const [name, table] of this.tables) tables.set(name, table.clone());
    return new RowTables(tables, this.#bytes, this.alarmAtMs);
  }

  apply(op: DiskOp): void {
    switch (op.kind) {
      case 'put':
        this.#put(op.table, op.id, op.row);
        break;
      case 'deleteRange': {
        const table = this.tables.get(op.table);
        if (table === undefined) break;
        for (const id of table.between(op.from, op.to, Infinity))
          this.#bytes -= sizeOf(table.rows.get(id));
        table.deleteRange(op.from, op.to);
        break;
      }
      case 'drop': {
        const table = this.tables.get(op.table);
        for (const row of table?.rows.values() ?? []) this.#bytes -= sizeOf(row);
        this.tables.delete(op.table);
        break;
      }
      case 'alarm':
        this.alarmAtMs = op.atMs;
        break;
    }
  }

  #put(name: string, id: number, row: StoredRow): void {
    let table = this.tables.get(name);
    if (table === undefined) {
      table = new RowTable();
      this.tables.set(name, table);
    }
    this.#bytes += sizeOf(row) - sizeOf(table.rows.get(id));
    table.put(id, row);
  }
}

export function sizeOf(row: StoredRow | undefined): number {
  return row === undefined ? 0 : row.head.length + row.data.length + ROW_OVERHEAD_BYTES;
}
