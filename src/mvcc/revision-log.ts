/**
 * The revision log: every change in the order it was made, values included, in packed pages. Pages up
 * to the last flush are rows; the newest ones, from the page that is still filling, are in memory.
 * Reading sees one sequence of pages, wherever they are.
 */
import type { RowStore } from '../lib/row-store.ts';
import { CorruptPageError } from './errors.ts';
import { LogDirectory } from './log-directory.ts';
import {
  LogPageBuilder,
  firstRevisionOf,
  pageIdOf,
  partOf,
  recordsIn,
  sealLogPage,
} from './log-page.ts';
import type { PageCache } from './page-cache.ts';
import type { RecordCursor, RevisionRecord } from './revision-record.ts';
import { ROW_KIND, openRow } from './sealed-row.ts';
import type { Settings } from './settings.ts';

export interface LogPage {
  readonly id: number;
  /** Must not be changed, nor kept past the next append unless `stable`. */
  readonly data: Uint8Array;
  /** False for pages still in memory, whose buffer is written again. */
  readonly stable: boolean;
}

/** A change's place. */
export interface RevisionPosition {
  readonly modRevision: number;
  readonly sub: number;
}

export class RevisionLog {
  readonly directory: LogDirectory;
  readonly table: string;
  readonly #rows: RowStore;
  readonly #cache: PageCache;
  readonly #settings: Settings;
  /**
   * Pages that are not rows yet, ascending. The first may continue the directory's last page (same
   * id): then it is the newer of the two. Empty only in a log without records.
   */
  #recent: LogPageBuilder[] = [];
  /** Bytes of #recent[0] that the last flush wrote. */
  #flushedTailBytes = 0;
  /** Bytes of records since the last flush. */
  unflushedBytes = 0;
  /** Bytes of records since the log was opened. */
  appendedBytes = 0;
  rowsWritten = 0;

  constructor(
    rows: RowStore,
    tables: { readonly log: string; readonly directory: string },
    cache: PageCache,
    settings: Settings,
  ) {
    this.#rows = rows;
    this.table = tables.log;
    this.#cache = cache;
    this.#settings = settings;
    this.directory = new LogDirectory(rows, tables.directory, settings.logRunPages);
  }

  /** Finds what an earlier instance flushed. */
  load(): void {
    this.directory.load();
    this.resumeTail();
  }

  /** Makes the last page of the directory the one that goes on filling. */
  resumeTail(): void {
    const last = this.directory.length - 1;
    if (last < 0) return;
    const id = this.directory.id(last);
    const data = this.readFlushed(id);
    const firstSub = this.directory.firstSub(last);
    this.#recent = [LogPageBuilder.resume(id, firstSub, data, this.#settings.logPageBytes)];
    this.#flushedTailBytes = data.length;
    this.#cache.delete('log', id);
  }

  append(record: RevisionRecord): void {
    let tail = this.#recent[this.#recent.length - 1];
    if (tail === undefined || !tail.fits(record, this.#settings.logPageBytes)) {
      tail = this.#openPage(record, tail);
    }
    const bytes = tail.append(record);
    this.unflushedBytes += bytes;
    this.appendedBytes += bytes;
  }

  /** Makes everything appended durable: whole pages, the page still filling, the directory. */
  flush(): void {
    const tail = this.#recent[this.#recent.length - 1];
    if (tail === undefined || this.unflushedBytes === 0) return;
    for (const page of this.#recent) {
      const known = page === this.#recent[0] && page.bytes === this.#flushedTailBytes;
      if (!known) this.#writePage(page.id, page.view());
      const { id, firstSub, records, bytes } = page;
      this.directory.upsert({ id, firstSub, records, bytes });
      if (page !== tail) this.#cache.set('log', id, page.finish());
    }
    this.rowsWritten += this.directory.save();
    this.#recent = [tail];
    this.#flushedTailBytes = tail.bytes;
    this.unflushedBytes = 0;
  }

  get pageCount(): number {
    return this.#stableCount + this.#recent.length;
  }

  /** Pages below this index are rows that only compaction changes. */
  get #stableCount(): number {
    const { length } = this.directory;
    const continued = length > 0 && this.directory.id(length - 1) === this.#recent[0]?.id;
    return continued ? length - 1 : length;
  }

  get stablePages(): number {
    return this.#stableCount;
  }

  /** `keep` false: a scan that must not push other pages out of the cache. */
  page(index: number, keep: boolean = true): LogPage {
    const stableCount = this.#stableCount;
    if (index >= stableCount) {
      const page = this.#recent[index - stableCount] as LogPageBuilder;
      return { id: page.id, data: page.view(), stable: false };
    }
    const id = this.directory.id(index);
    let data = this.#cache.get('log', id);
    if (data === undefined) {
      data = this.readFlushed(id);
      if (keep) this.#cache.set('log', id, data);
    }
    return { id, data, stable: true };
  }

  /** Index of the page that holds this change, or would; 0 if it lies before all pages. */
  pageOf(modRevision: number, sub: number): number {
    const stableCount = this.#stableCount;
    for (let index = this.#recent.length - 1; index >= 0; index--) {
      const page = this.#recent[index] as LogPageBuilder;
      const first = firstRevisionOf(page.id);
      if (first < modRevision || (first === modRevision && page.firstSub <= sub)) {
        return stableCount + index;
      }
    }
    return Math.max(0, Math.min(this.directory.floor(modRevision, sub), stableCount - 1));
  }

  /** The values of these changes, in the order given. Each page is read once. */
  values(positions: readonly RevisionPosition[]): Uint8Array[] {
    const order = positions.map((_, index) => index);
    const at = (index: number): RevisionPosition => positions[index] as RevisionPosition;
    order.sort(
      (left, right) => at(left).modRevision - at(right).modRevision || at(left).sub - at(right).sub,
    );
    const values = new Array<Uint8Array>(positions.length);
    let pageIndex = -1;
    let page: LogPage | undefined;
    let cursor: RecordCursor | undefined;
    for (const index of order) {
      const { modRevision, sub } = at(index);
      const wanted = this.pageOf(modRevision, sub);
      if (wanted !== pageIndex || page === undefined || cursor === undefined) {
        pageIndex = wanted;
        page = this.page(wanted);
        cursor = recordsIn(page.id, page.data);
      }
      values[index] = this.#valueIn(page, cursor, modRevision, sub);
    }
    return values;
  }

  value(modRevision: number, sub: number): Uint8Array {
    const page = this.page(this.pageOf(modRevision, sub));
    return this.#valueIn(page, recordsIn(page.id, page.data), modRevision, sub);
  }

  /** Compaction: the page at `index` shrinks to `data`. */
  replacePage(index: number, records: number, data: Uint8Array): void {
    const id = this.directory.id(index);
    this.#writePage(id, data);
    this.directory.rewrite(index, records, data.length);
    this.#cache.delete('log', id);
  }

  /** Compaction: nothing in the page at `index` lives. */
  removePage(index: number): void {
    const id = this.directory.id(index);
    this.#rows.delete(this.table, id);
    this.rowsWritten++;
    this.directory.remove(index);
    this.#cache.delete('log', id);
  }

  /** An import: a whole page as another member wrote it. */
  adoptPage(id: number, firstSub: number, records: number, data: Uint8Array): void {
    this.#writePage(id, data);
    this.directory.upsert({ id, firstSub, records, bytes: data.length });
  }

  saveDirectory(): void {
    this.rowsWritten += this.directory.save();
  }

  #valueIn(page: LogPage, cursor: RecordCursor, modRevision: number, sub: number): Uint8Array {
    if (!cursor.find(modRevision, sub)) {
      throw new CorruptPageError(
        this.table,
        page.id,
        `no change ${modRevision}.${sub}`,
        'the change that the key index names',
      );
    }
    return page.stable ? cursor.value() : cursor.value().slice();
  }

  #openPage(record: RevisionRecord, tail: LogPageBuilder | undefined): LogPageBuilder {
    const { modRevision, sub } = record;
    const continues = tail !== undefined && firstRevisionOf(tail.id) === modRevision;
    const part = sub === 0 ? 0 : continues ? partOf(tail.id) + 1 : 1;
    const page = new LogPageBuilder(pageIdOf(modRevision, part), sub, this.#settings.logPageBytes);
    this.#recent.push(page);
    return page;
  }

  #writePage(id: number, data: Uint8Array): void {
    this.#rows.put(this.table, id, sealLogPage(id, data), data);
    this.rowsWritten++;
  }

  /** The page as the last flush left it, not through the cache. */
  readFlushed(id: number): Uint8Array {
    const row = this.#rows.get(this.table, id);
    if (row === undefined) {
      throw new CorruptPageError(this.table, id, 'no row', 'the page that the directory names');
    }
    openRow(this.table, row, ROW_KIND.logPage);
    return row.data;
  }
}
