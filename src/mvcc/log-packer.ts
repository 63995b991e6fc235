/** Changes from elsewhere, in order, packed as the pages of a snapshot: for a state that comes from a file. */
import { LOG_PAGE_BYTES } from '../constants.ts';
import { firstRevisionOf, LogPageBuilder, pageIdOf, partOf } from './log-page.ts';
import type { RevisionRecord } from './revision-record.ts';
import { encodePiece, type SnapshotHeader } from './snapshot-page.ts';

export class LogPacker {
  readonly #ready: Uint8Array[] = [];
  #page: LogPageBuilder | undefined;
  /** Position of the piece to come. */
  #from = 1;

  constructor(header: Omit<SnapshotHeader, 'kind'>) {
    this.#ready.push(encodePiece({ kind: 'header', ...header }));
  }

  /** Ascending by revision and sub. */
  add(record: RevisionRecord): void {
    const page = this.#page;
    if (page?.fits(record, LOG_PAGE_BYTES) === true) {
      page.append(record);
      return;
    }
    this.#close();
    this.#page = new LogPageBuilder(pageAfter(page, record), record.sub, LOG_PAGE_BYTES);
    this.#page.append(record);
  }

  /** No change comes any more. */
  finish(): void {
    this.#close();
    this.#ready.push(encodePiece({ kind: 'footer', from: this.#from }));
  }

  /** The pieces made since the last call. */
  take(): Uint8Array[] {
    return this.#ready.splice(0);
  }

  #close(): void {
    const page = this.#page;
    if (page === undefined) return;
    const { id, firstSub, records } = page;
    const piece = { kind: 'logPage', from: this.#from, id, firstSub, records } as const;
    this.#ready.push(encodePiece({ ...piece, data: page.finish() }));
    this.#from = id + 1;
    this.#page = undefined;
  }
}

/** The id of a page that begins with `record`; see log-page.ts. */
function pageAfter(before: LogPageBuilder | undefined, record: RevisionRecord): number {
  const { modRevision, sub } = record;
  if (sub === 0) return pageIdOf(modRevision, 0);
  const continues = before !== undefined && firstRevisionOf(before.id) === modRevision;
  return pageIdOf(modRevision, continues ? partOf(before.id) + 1 : 1);
}
