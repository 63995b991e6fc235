/**
 * A state loaded from a file waits at every member, complete and checked, until a log entry makes it
 * the cluster's own on all of them at once. The entry names its digest, so no member can install
 * another; one that does not hold it any more must fetch everything from its peers.
 *
 * Uploads begin with an entry, too: an entry that installs one is void once the next has begun. So a
 * member may throw away what waits for an earlier upload as soon as it has applied the later's entry.
 */
import { Code, StatusError } from '../api/errors.ts';
import { ROW_BYTES_MAX } from '../constants.ts';
import { concatBytes, hexOf } from '../lib/bytes.ts';
import { checksum32 } from '../lib/checksum.ts';
import { readNote, writeNote } from '../lib/note-row.ts';
import type { RowStore } from '../lib/row-store.ts';
import type { Mvcc, PageImport } from '../mvcc/types.ts';
import type { LeaseBook } from './lease-book.ts';

const TABLE = 'restore';
/** Digest and the leases' length; their bytes follow in the rows after it. */
const HEAD_ROW = 0;
const PIECE_BYTES = ROW_BYTES_MAX - 1_000;

/** The log says to install a state that this member does not hold: only its peers can help. */
export class MissingRestoreError extends Error {
  override readonly name = 'MissingRestoreError';

  constructor(digest: string) {
    super(`install the restored state ${digest}: it is not here, or damaged`);
  }
}

export class StagedRestore {
  readonly #rows: RowStore;
  readonly #mvcc: Mvcc;
  /** Replicated: the upload under way; empty: none. */
  upload = '';

  constructor(rows: RowStore, mvcc: Mvcc) {
    this.#rows = rows;
    this.#mvcc = mvcc;
  }

  /** Of what waits, in hexadecimal; undefined: nothing does. */
  get digest(): string | undefined {
    return this.#mvcc.staged === undefined ? undefined : this.#head()?.digest;
  }

  /** Keeps a complete state in place of what waited before. @throws SnapshotError if it is incomplete */
  keep(digest: Uint8Array, pages: PageImport, leases: Uint8Array): void {
    this.#rows.atomically(() => {
      this.drop();
      pages.stage();
      writeNote(this.#rows, TABLE, HEAD_ROW, (head) => {
        head.string(hexOf(digest));
        head.varint(leases.length);
        head.u32(checksum32(leases));
      });
      for (let piece = 0; piece * PIECE_BYTES < leases.length; piece++) {
        const data = leases.subarray(piece * PIECE_BYTES, (piece + 1) * PIECE_BYTES);
        this.#rows.put(TABLE, HEAD_ROW + 1 + piece, new Uint8Array(0), data);
      }
    });
  }

  drop(): void {
    this.#mvcc.dropStaged();
    this.#rows.drop(TABLE);
  }

  /** At a start: what no entry can install any more, since the cluster has got data, makes room. */
  dropVoid(leases: LeaseBook): void {
    if (this.#mvcc.staged === undefined && this.#head() === undefined) return;
    if (!isFresh(this.#mvcc, leases)) this.drop();
  }

  /**
   * Makes what waits the state. Durable only once the state is saved: until then it waits on, for the
   * case that the entry is applied again.
   * @throws MissingRestoreError
   */
  install(digest: Uint8Array, leases: LeaseBook): void {
    const name = hexOf(digest);
    const head = this.#head();
    if (head?.digest !== name || this.#mvcc.staged === undefined) {
      throw new MissingRestoreError(name);
    }
    const pieces = this.#rows.rows(TABLE, HEAD_ROW + 1, Number.MAX_SAFE_INTEGER, 1_000);
    const bytes = concatBytes(pieces.map(({ data }) => data));
    if (bytes.length !== head.bytes || checksum32(bytes) !== head.sum) {
      throw new MissingRestoreError(name);
    }
    this.#mvcc.installStaged();
    leases.restore(bytes);
  }

  #head(): { readonly digest: string; readonly bytes: number; readonly sum: number } | undefined {
    return readNote(this.#rows, TABLE, HEAD_ROW, (reader) => ({
      digest: reader.string(),
      bytes: reader.varint(),
      sum: reader.u32(),
    }));
  }
}

/**
 * Begins an upload, or installs what waits for it; true if the state was replaced.
 * @throws StatusError: the same on every member, nothing changed
 * @throws MissingRestoreError
 */
export function applyRestore(
  parts: { readonly mvcc: Mvcc; readonly leases: LeaseBook; readonly staged: StagedRestore },
  { upload, digest }: { readonly upload: string; readonly digest: Uint8Array },
): boolean {
  const { staged } = parts;
  const ending = upload === '' && digest.length === 0;
  if (!ending) refuseUnlessFresh(parts);
  if (digest.length === 0) {
    staged.upload = upload;
    return false;
  }
  if (staged.upload !== upload) {
    throw new StatusError(
      Code.FailedPrecondition,
      `edgetcd: restore refused: upload ${upload} has ended, ${staged.upload || 'none'} is under way`,
    );
  }
  staged.install(digest, parts.leases);
  staged.upload = '';
  return true;
}

/** A state may be loaded only into a cluster that never had one. @throws StatusError */
export function refuseUnlessFresh({ mvcc, leases }: { mvcc: Mvcc; leases: LeaseBook }): void {
  if (isFresh(mvcc, leases)) return;
  throw new StatusError(
    Code.FailedPrecondition,
    `edgetcd: restore refused: the cluster has data (revision ${mvcc.revision}, ${leases.size} leases); only a new cluster can be restored into`,
  );
}

function isFresh(mvcc: Mvcc, leases: LeaseBook): boolean {
  return mvcc.revision === 1 && mvcc.compactRevision < 0 && leases.size === 0;
}
