/**
 * Loads a state from a file into a new cluster (restore-messages.ts). What comes is stored beside the
 * state that serves, checked, and put aside durably; nothing of it is seen before the log entry that
 * `commit` proposes is applied, by all members alike.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { Code, StatusError } from '../api/errors.ts';
import { refuseUnlessFresh } from '../apply/restore.ts';
import { LEASE_MEMORY_BYTES_MAX } from '../constants.ts';
import { DecodeError } from '../lib/binary.ts';
import { bytesOfHex, concatBytes, EMPTY_BYTES, equalBytes, hexOf } from '../lib/bytes.ts';
import { checkLeases } from '../lease/codec.ts';
import { SnapshotError } from '../mvcc/store.ts';
import type { PageImport } from '../mvcc/types.ts';
import type { Member } from './member.ts';
import type { Method, ServiceTable } from './method-table.ts';
import {
  decodeRestoreBody,
  decodeRestoreChunk,
  decodeRestoreFinish,
  decodeUpload,
  RESTORE_METHODS,
  type RestoreChunk,
  type RestoreFinish,
} from './restore-messages.ts';

interface Upload {
  readonly id: string;
  readonly pages: PageImport;
  readonly hash: ReturnType<typeof sha256.create>;
  readonly leases: Uint8Array[];
  leaseBytes: number;
  chunks: number;
}

export function restoreService(member: Member): ServiceTable {
  const uploads = new RestoreUploads(member);
  const method = (run: (body: Uint8Array) => unknown): Method => ({
    kind: 'unary',
    run: async (body) => {
      await run(body);
      return EMPTY_BYTES;
    },
  });
  return {
    [RESTORE_METHODS.open]: method((body) => uploads.open(read(() => decodeUpload(body)))),
    [RESTORE_METHODS.begin]: method((body) => uploads.begin(read(() => decodeUpload(body)))),
    [RESTORE_METHODS.chunk]: method((body) => uploads.chunk(read(() => decodeRestoreChunk(body)))),
    [RESTORE_METHODS.finish]: method((body) =>
      uploads.finish(read(() => decodeRestoreFinish(body))),
    ),
    [RESTORE_METHODS.abort]: method((body) => uploads.abort(read(() => decodeUpload(body)))),
    [RESTORE_METHODS.commit]: method((body) =>
      uploads.commit(read(() => decodeRestoreFinish(body))),
    ),
  };
}

/** At most one upload at a time; a newer one takes its place. */
class RestoreUploads {
  readonly #member: Member;
  #upload: Upload | undefined;

  constructor(member: Member) {
    this.#member = member;
  }

  async open(id: string): Promise<void> {
    await this.#member.propose({ restore: { upload: id } });
  }

  async begin(id: string): Promise<void> {
    await this.#member.linearizable();
    this.#member.read((state) => {
      refuseUnlessFresh(state);
      // From here on no entry can install what waits.
      if (state.staged.upload !== id) throw refused(`the cluster knows no upload ${id}`);
      this.#forget();
      state.staged.drop();
      const pages = state.mvcc.importPages();
      const hash = sha256.create();
      this.#upload = { id, pages, hash, leases: [], leaseBytes: 0, chunks: 0 };
    });
  }

  chunk({ upload: id, number, body }: RestoreChunk): void {
    const upload = this.#known(id);
    if (number < upload.chunks) return;
    if (number > upload.chunks) {
      throw refused(`chunk ${number} came, ${upload.chunks} is the next`);
    }
    this.#filling(upload, () => {
      const { pages, leases } = decodeRestoreBody(body);
      upload.leaseBytes += leases.length;
      if (upload.leaseBytes > LEASE_MEMORY_BYTES_MAX) throw refused('there are too many leases');
      upload.leases.push(leases.slice());
      upload.pages.add(pages);
      upload.hash.update(body);
      upload.chunks++;
    });
  }

  finish({ upload: id, chunks, digest }: RestoreFinish): void {
    const { staged } = this.#member.state;
    if (this.#upload?.id !== id && staged.digest === hexOf(digest)) return;
    const upload = this.#known(id);
    this.#filling(upload, () => {
      if (chunks !== upload.chunks || !equalBytes(upload.hash.digest(), digest)) {
        throw refused(`of ${chunks} chunks ${upload.chunks} came, or they were altered on the way`);
      }
      const leases = concatBytes(upload.leases);
      checkLeases(leases);
      staged.keep(digest, upload.pages, leases);
      this.#upload = undefined;
    });
  }

  async abort(id: string): Promise<void> {
    await this.#member.linearizable();
    const { staged } = this.#member.state;
    if (staged.upload !== '') throw refused(`upload ${staged.upload} is under way`);
    if (this.#upload?.id === id) this.#forget();
    this.#member.read(() => staged.drop());
  }

  async commit({ upload, digest }: RestoreFinish): Promise<void> {
    const waiting = this.#member.read(({ staged }) => staged.digest);
    if (waiting !== hexOf(digest)) {
      throw refused(`${hexOf(digest)} is to be installed, here waits ${waiting ?? 'nothing'}`);
    }
    await this.#member.propose({ restore: { upload, digest: bytesOfHex(waiting) } });
  }

  /** What is wrong with the upload ends it, and only it. */
  #filling(upload: Upload, run: () => void): void {
    this.#member.read(() => {
      try {
        run();
      } catch (error) {
        if (upload === this.#upload) this.#forget();
        const foreign = error instanceof SnapshotError || error instanceof DecodeError;
        throw foreign ? refused(error.message) : error;
      }
    });
  }

  #forget(): void {
    this.#upload?.pages.abort();
    this.#upload = undefined;
  }

  #known(id: string): Upload {
    if (this.#upload?.id === id) return this.#upload;
    throw new StatusError(
      Code.NotFound,
      `edgetcd: restore: member ${this.#member.self.name} knows no upload ${id}: it was restarted, or another began; begin anew`,
    );
  }
}

function refused(text: string): StatusError {
  return new StatusError(Code.InvalidArgument, `edgetcd: restore refused: ${text}`);
}

/** @throws StatusError InvalidArgument for bytes that are no message */
function read<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (error instanceof DecodeError) throw refused(error.message);
    throw error;
  }
}
