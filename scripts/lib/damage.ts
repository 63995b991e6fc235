/** Flips one bit in a stored row of a member that is stopped, as a failing disk would. */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { RowHead } from '../../src/lib/row-store.ts';
import { isBatch, readHead } from '../../src/wal/row.ts';

export type DamageKind = 'wal' | 'page';

export interface Damaged {
  /** As the member names it: the table without its prefix in SQL. */
  readonly table: string;
  readonly row: number;
}

/** Tables of the member's RowStore carry this prefix in its database. */
const PREFIX = 'rows_';
const TABLES: Readonly<Record<DamageKind, RegExp>> = {
  wal: /^rows_wal$/,
  page: /^rows_mvcc_log_\d+$/,
};

/**
 * Of the log the row with the newest entries, which a start must read; of the pages one in the middle.
 * @param dataDir of the cluster; @param process the name of the member's process
 * @throws Error when the member has no such rows
 */
export function damageRow(dataDir: string, process: string, kind: DamageKind): Damaged {
  for (const file of globSync(join(dataDir, 'state', process, '**', '*.sqlite'))) {
    const database = new DatabaseSync(file);
    try {
      const damaged = flipIn(database, kind);
      if (damaged !== undefined) return damaged;
    } finally {
      database.close();
    }
  }
  throw new Error(`damage a ${kind} row of ${process} in ${dataDir}: it has none`);
}

function flipIn(database: DatabaseSync, kind: DamageKind): Damaged | undefined {
  const names = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
  const table = names.map(({ name }) => String(name)).find((name) => TABLES[kind].test(name));
  if (table === undefined) return undefined;
  const rows = database
    .prepare(`SELECT id, head FROM ${table} WHERE length(data) > 0 ORDER BY id`)
    .all()
    .map(({ id, head }) => ({ id: Number(id), head: head as Uint8Array }));
  const row = kind === 'wal' ? newestRow(rows) : rows[rows.length >> 1];
  if (row === undefined) return undefined;
  const stored = database.prepare(`SELECT data FROM ${table} WHERE id = ?`).get(row.id);
  const data = Buffer.from(stored?.['data'] as Uint8Array);
  const at = data.length >> 1;
  data[at] = (data[at] ?? 0) ^ 0x10;
  database.prepare(`UPDATE ${table} SET data = ? WHERE id = ?`).run(data, row.id);
  return { table: table.slice(PREFIX.length), row: row.id };
}

/** Rows of compacted entries are written over in any order, so ids do not tell. */
function newestRow(rows: readonly RowHead[]): RowHead | undefined {
  const firstIndexOf = (row: RowHead): number => {
    const head = readHead('wal', row);
    return isBatch(head) ? head.firstIndex : 0;
  };
  return rows.toSorted((left, right) => firstIndexOf(left) - firstIndexOf(right)).at(-1);
}
