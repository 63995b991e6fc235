/** Deletes the tables of generations that no longer serve, some rows at a time. */
import { assert } from '../lib/assert.ts';
import type { RowStore } from '../lib/row-store.ts';
import type { Generation } from './generation.ts';
import { abandonedTables, tablesOf } from './generation.ts';
import type { Settings } from './settings.ts';

export class Discarder {
  readonly #rows: RowStore;
  readonly #settings: Settings;
  /** Tables to delete, and the generation that may still be read from, if there is one. */
  readonly #tables: { readonly table: string; readonly generation: Generation | undefined }[];
  #lastNumber: number;

  /** `kept`: the generations that serve or will; all others in `rows` are left over. */
  constructor(rows: RowStore, settings: Settings, kept: ReadonlySet<number>) {
    this.#rows = rows;
    this.#settings = settings;
    const abandoned = abandonedTables(rows, kept);
    this.#tables = abandoned.map(({ table }) => ({ table, generation: undefined }));
    this.#lastNumber = Math.max(...kept, ...abandoned.map(({ number }) => number));
  }

  /** A generation number that no table bears. */
  reserve(): number {
    return ++this.#lastNumber;
  }

  add(generation: Generation): void {
    this.addNumber(generation.number, generation);
  }

  /** A generation that may not be open. */
  addNumber(number: number, generation?: Generation): void {
    for (const table of tablesOf(number)) this.#tables.push({ table, generation });
  }

  get due(): boolean {
    return this.#next() >= 0;
  }

  /** Deletes some rows of a table, or the table once it is empty. */
  slice(): void {
    const index = this.#next();
    if (index < 0) return;
    const { table } = this.#tables[index] ?? {};
    assert(table !== undefined, `discard table ${index}: there is none`);
    const heads = this.#rows.heads(
      table,
      0,
      Number.MAX_SAFE_INTEGER,
      this.#settings.discardSliceRows,
    );
    const last = heads[heads.length - 1];
    if (last !== undefined) {
      this.#rows.deleteRange(table, 0, last.id);
      return;
    }
    this.#rows.drop(table);
    this.#tables.splice(index, 1);
  }

  /** The first table that nobody reads any more. */
  #next(): number {
    return this.#tables.findIndex(({ generation }) => (generation?.pins ?? 0) === 0);
  }
}
