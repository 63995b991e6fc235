/**
 * The receiver's side of a snapshot: a second generation, filled beside the one that serves. Log pages
 * are stored as they come; the key index is built from their records as after any other write, so
 * memory stays bounded. When the footer has come the generation is complete and only needs naming.
 */
import { assert } from '../lib/assert.ts';
import type { RowStore } from '../lib/row-store.ts';
import { Generation, freshProgress } from './generation.ts';
import { recordsIn } from './log-page.ts';
import { Merger } from './merge.ts';
import { PageCache } from './page-cache.ts';
import { positionAfter } from './page-export.ts';
import type { Settings } from './settings.ts';
import type { SnapshotHeader, SnapshotLogPage, SnapshotPiece } from './snapshot-page.ts';
import { SnapshotError, decodePiece } from './snapshot-page.ts';
import type { PageImport } from './types.ts';

/** The part of the cache's budget that a snapshot being received may use beside the store's own. */
const CACHE_SHARE = 0.25;

export interface ImportHost {
  install(generation: Generation): void;
  stage(generation: Generation): void;
  /** The import ended without install: its tables can go. */
  discard(generation: Generation): void;
}

export class LogImport implements PageImport {
  readonly #host: ImportHost;
  readonly #generation: Generation;
  readonly #merger: Merger;
  #header: SnapshotHeader | undefined;
  /** Position of the piece to come; undefined: the footer has come. */
  #expected: number | undefined = 0;
  #open = true;

  constructor(host: ImportHost, rows: RowStore, settings: Settings, generationNumber: number) {
    this.#host = host;
    const cache = new PageCache(settings.cacheBytes * CACHE_SHARE);
    this.#generation = new Generation(generationNumber, rows, settings, cache, freshProgress());
    this.#generation.staged = true;
    this.#merger = new Merger(this.#generation);
  }

  add(pages: readonly Uint8Array[]): void {
    assert(this.#open, 'add to a snapshot import: it has ended');
    for (const page of pages) this.#addPiece(decodePiece(page));
  }

  install(revision: number, compactRevision: number): void {
    this.#assertComplete();
    const { progress, log } = this.#generation;
    if (
      progress.flushedRevision !== revision ||
      progress.flushedCompactRevision !== compactRevision
    ) {
      throw new SnapshotError(
        `install a snapshot as revision ${revision} compacted at ${compactRevision}: ` +
          `its header says ${progress.flushedRevision} and ${progress.flushedCompactRevision}`,
      );
    }
    this.#open = false;
    this.#generation.staged = false;
    log.resumeTail();
    this.#generation.saveMeta();
    this.#host.install(this.#generation);
  }

  stage(): void {
    this.#assertComplete();
    this.#open = false;
    this.#host.stage(this.#generation);
  }

  abort(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#host.discard(this.#generation);
  }

  #assertComplete(): void {
    assert(this.#open, 'install a snapshot: the import has ended');
    if (this.#expected === undefined) return;
    throw new SnapshotError(`install a snapshot: it is incomplete from ${this.#expected} on`);
  }

  #addPiece(piece: SnapshotPiece): void {
    const from = piece.kind === 'header' ? 0 : piece.from;
    if (from !== this.#expected) {
      throw new SnapshotError(
        `receive a snapshot: a ${piece.kind} from position ${from}, expected ${this.#expected ?? 'no more'}`,
      );
    }
    if (piece.kind === 'header') this.#begin(piece);
    else if (piece.kind === 'logPage') this.#addPage(piece);
    else this.#complete();
    this.#expected = positionAfter(piece);
  }

  #begin(header: SnapshotHeader): void {
    this.#header = header;
    const { progress } = this.#generation;
    progress.flushedRevision = header.revision;
    progress.flushedCompactRevision = header.compactRevision;
    // The sender left out all that was dead, so nothing is left to count.
    progress.markedRevision = header.compactRevision;
    progress.liveBytes = header.liveBytes;
  }

  #addPage(page: SnapshotLogPage): void {
    const { log, memtable, settings } = this.#generation;
    if (page.records === 0) return;
    log.adoptPage(page.id, page.firstSub, page.records, page.data);
    const cursor = recordsIn(page.id, page.data);
    while (cursor.next()) this.#generation.remember(cursor);
    while (memtable.entries > settings.memtableEntriesMax) this.#merger.slice();
  }

  #complete(): void {
    const { log, index, progress } = this.#generation;
    const header = this.#header as SnapshotHeader;
    this.#merger.drain();
    log.saveDirectory();
    progress.mergedRevision = header.revision;
    const liveKeys = index.liveCount({ start: '', end: undefined });
    if (liveKeys !== header.liveKeys) {
      throw new SnapshotError(
        `receive a snapshot: it has ${liveKeys} living keys, its header says ${header.liveKeys}`,
      );
    }
  }
}
