/** The rows of a store as text: what lies in which page. For golden scripts. */
import { readLeafHead } from '../../../src/mvcc/leaf-directory.ts';
import { LeafCursor } from '../../../src/mvcc/leaf-page.ts';
import { keyOf } from '../../../src/mvcc/leaf-entry.ts';
import { firstRevisionOf, partOf, recordsIn } from '../../../src/mvcc/log-page.ts';
import { readProgress } from '../../../src/mvcc/generation.ts';
import { LogDirectory } from '../../../src/mvcc/log-directory.ts';
import { ROW_KIND, openRow } from '../../../src/mvcc/sealed-row.ts';
import type { Row, RowStore } from '../../../src/lib/row-store.ts';

export function describeRows(rows: RowStore): string {
  const lines: string[] = [];
  for (const table of rows.tables()) {
    const found = rows.rows(table, 0, Number.MAX_SAFE_INTEGER, Infinity);
    if (table.startsWith('mvcc_directory_')) {
      lines.push(...describeDirectory(rows, table, found));
      continue;
    }
    for (const row of found) lines.push(`${table} ${describeRow(rows, table, row)}`);
  }
  return lines.join('\n');
}

function describeRow(rows: RowStore, table: string, row: Row): string {
  if (table.startsWith('mvcc_log_')) return `${pageName(row.id)}: ${describeLogPage(table, row)}`;
  if (table.startsWith('mvcc_index_')) return `${row.id}: ${describeLeaf(rows, table, row)}`;
  const { number, progress } = readProgress(row);
  const fields = Object.entries(progress).map(([name, value]) => `${name}=${value as number}`);
  return `generation=${number} ${fields.join(' ')}`;
}

function pageName(id: number): string {
  return partOf(id) === 0 ? `@${firstRevisionOf(id)}` : `@${firstRevisionOf(id)}+${partOf(id)}`;
}

function describeLogPage(table: string, row: Row): string {
  openRow(table, row, ROW_KIND.logPage);
  const cursor = recordsIn(row.id, row.data);
  const records: string[] = [];
  while (cursor.next()) {
    const sub = cursor.sub > 0 ? `.${cursor.sub}` : '';
    const killed = cursor.previousRevision > 0 ? ` over ${cursor.previousRevision}` : '';
    const what = cursor.tombstone ? 'deleted' : `v${cursor.version}`;
    records.push(`${cursor.modRevision}${sub} ${cursor.key()} ${what}${killed}`);
  }
  return records.join(', ');
}

function describeLeaf(rows: RowStore, table: string, row: Row): string {
  const leaf = readLeafHead(rows, table, row);
  openRow(table, row, ROW_KIND.leafPage);
  const cursor = new LeafCursor(row.data);
  const entries: string[] = [];
  while (cursor.next()) {
    const sub = cursor.sub > 0 ? `.${cursor.sub}` : '';
    const what = cursor.version === 0 ? ' deleted' : '';
    entries.push(`${keyOf(cursor)}@${cursor.modRevision}${sub}${what}`);
  }
  const from = leaf.continues > 0 ? `${leaf.separator} below ${leaf.continues}` : leaf.separator;
  return `from "${from}" live=${leaf.live} merged=${leaf.mergedRevision} trim=${leaf.trimRevision}: ${entries.join(', ')}`;
}

function describeDirectory(rows: RowStore, table: string, found: readonly Row[]): string[] {
  const directory = new LogDirectory(rows, table, 1);
  directory.load();
  const lines: string[] = [];
  found.forEach((row, position) => {
    const end = found[position + 1]?.id ?? Infinity;
    const pages: string[] = [];
    for (let index = directory.ceiling(row.id); index < directory.length; index++) {
      if (directory.id(index) >= end) break;
      const dead = directory.dead(index);
      const lost = dead.records > 0 ? ` dead ${dead.records} (${dead.bytes} bytes)` : '';
      const size = `${directory.records(index)} records, ${directory.bytes(index)} bytes`;
      pages.push(`${pageName(directory.id(index))} ${size}${lost}`);
    }
    lines.push(`${table} ${pageName(row.id)}: ${pages.join('; ')}`);
  });
  return lines;
}
