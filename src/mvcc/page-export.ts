/**
 * The sender's side of a snapshot. What it sends is the state of the last flush when it was opened:
 * log pages only grow at the end, compaction is held off, and the page still filling is kept as it was.
 *
 * Positions: 0 is the header, any other n stands for the first page with id >= n, and one past the last
 * page for the footer. They stay valid while the export is open.
 */
import type { Generation } from './generation.ts';
import { recordsIn } from './log-page.ts';
import { mayHoldDead, withoutDead } from './retention.ts';
import type { RecordCursor } from './revision-record.ts';
import type { SnapshotLogPage, SnapshotPiece } from './snapshot-page.ts';
import { encodePiece } from './snapshot-page.ts';
import type { PageExport } from './types.ts';

export class LogExport implements PageExport {
  readonly revision: number;
  readonly compactRevision: number;
  readonly #generation: Generation;
  readonly #liveBytes: number;
  readonly #liveKeys: number;
  /** The last page, which may go on growing; undefined: there are no changes. */
  readonly #last: Omit<SnapshotLogPage, 'kind' | 'from'> | undefined;
  #open = true;

  /** `liveKeys`: keys that live at the flushed revision. */
  constructor(generation: Generation, liveKeys: number) {
    const { progress, log } = generation;
    this.#generation = generation;
    this.revision = progress.flushedRevision;
    this.compactRevision = progress.flushedCompactRevision;
    this.#liveBytes = progress.liveBytes;
    this.#liveKeys = liveKeys;
    const index = log.directory.length - 1;
    if (index >= 0) {
      const id = log.directory.id(index);
      const firstSub = log.directory.firstSub(index);
      const records = log.directory.records(index);
      this.#last = { id, firstSub, records, data: log.readFlushed(id) };
    }
    generation.pins++;
  }

  read(
    from: number,
    bytesMax: number,
  ): { readonly pages: readonly Uint8Array[]; readonly next: number | undefined } {
    const pages: Uint8Array[] = [];
    let bytes = 0;
    let next: number | undefined = from;
    while (next !== undefined && (pages.length === 0 || bytes < bytesMax)) {
      const piece = this.#piece(next);
      const page = encodePiece(piece);
      pages.push(page);
      bytes += page.length;
      next = positionAfter(piece);
    }
    return { pages, next };
  }

  records(from: number): {
    readonly records: RecordCursor | undefined;
    readonly next: number | undefined;
  } {
    const piece = this.#piece(from);
    const next = positionAfter(piece);
    return {
      records: piece.kind === 'logPage' ? recordsIn(piece.id, piece.data) : undefined,
      next,
    };
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#generation.pins--;
  }

  #piece(from: number): SnapshotPiece {
    if (from === 0) return this.#header();
    const { directory } = this.#generation.log;
    const index = directory.ceiling(from);
    if (index >= directory.length || directory.id(index) > (this.#last?.id ?? 0)) {
      return { kind: 'footer', from };
    }
    return this.#page(from, index);
  }

  #header(): SnapshotPiece {
    return {
      kind: 'header',
      revision: this.revision,
      compactRevision: this.compactRevision,
      liveBytes: this.#liveBytes,
      liveKeys: this.#liveKeys,
    };
  }

  #page(from: number, index: number): SnapshotPiece {
    const { log, progress } = this.#generation;
    const { directory } = log;
    const id = directory.id(index);
    const page =
      id === this.#last?.id
        ? this.#last
        : {
            id,
            firstSub: directory.firstSub(index),
            records: directory.records(index),
            data: log.page(index, false).data,
          };
    const clean =
      progress.markedRevision === this.compactRevision && directory.dead(index).records === 0;
    if (clean || !mayHoldDead(id, this.compactRevision)) return { kind: 'logPage', from, ...page };
    const kept = withoutDead(this.#generation, page, this.compactRevision);
    return { kind: 'logPage', from, id, firstSub: page.firstSub, ...kept };
  }
}

/** Where reading goes on after a piece; undefined: it was the last. */
export function positionAfter(piece: SnapshotPiece): number | undefined {
  if (piece.kind === 'footer') return undefined;
  return piece.kind === 'header' ? 1 : piece.id + 1;
}
