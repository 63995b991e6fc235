/** A snapshot of etcd's, or the `db` file of a data directory, on this machine's disk. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { EtcdDatabase } from '../../src/backend/database.ts';
import { BboltError } from '../../src/bbolt/format.ts';
import { BboltFile, type FileSource } from '../../src/bbolt/reader.ts';
import { UsageError } from './usage.ts';

const HASH_BYTES = 32;
/** Databases consist of pages; a file this much longer than a multiple of it has its hash behind. */
const SECTOR_BYTES = 512;
/** Read at once: pages of a tree lie mostly one behind the other. */
const WINDOW_BYTES = 1024 * 1024;

export interface SnapshotFile {
  readonly database: EtcdDatabase;
  readonly sizeBytes: number;
  close(): void;
}

/**
 * @throws UsageError when the file is not whole, or has no hash behind it and that was to be checked
 * @throws BboltError when it is no database of etcd's
 */
export function openSnapshotFile(
  path: string,
  options: { readonly skipHashCheck: boolean },
): SnapshotFile {
  const file = new DiskFile(path);
  try {
    const hashed = file.sizeBytes % SECTOR_BYTES === HASH_BYTES;
    if (!options.skipHashCheck) checkHash(file, path, hashed);
    const sizeBytes = file.sizeBytes - (hashed ? HASH_BYTES : 0);
    const source: FileSource = { sizeBytes, read: (offset, bytes) => file.read(offset, bytes) };
    const database = new EtcdDatabase(BboltFile.open(source));
    return { database, sizeBytes, close: () => file.close() };
  } catch (error) {
    file.close();
    throw error;
  }
}

function checkHash(file: DiskFile, path: string, hashed: boolean): void {
  if (!hashed) {
    throw new UsageError(
      `${path} has ${file.sizeBytes} bytes and no hash behind them: it was cut short, or it is the db file ` +
        'of a data directory, which --skip-hash-check takes as it is',
    );
  }
  const end = file.sizeBytes - HASH_BYTES;
  const hash = createHash('sha256');
  for (let offset = 0; offset < end; offset += WINDOW_BYTES) {
    hash.update(file.read(offset, Math.min(WINDOW_BYTES, end - offset)));
  }
  const found = hash.digest('hex');
  const expected = Buffer.from(file.read(end, HASH_BYTES)).toString('hex');
  if (found === expected) return;
  throw new UsageError(
    `${path} was altered: its SHA-256 is ${found}, behind it stands ${expected}; --skip-hash-check takes it as it is`,
  );
}

class DiskFile {
  readonly sizeBytes: number;
  readonly #descriptor: number;
  #window = { offset: 0, bytes: new Uint8Array(0) };

  constructor(path: string) {
    try {
      this.#descriptor = openSync(path, 'r');
    } catch (error) {
      throw new UsageError(error instanceof Error ? error.message : String(error));
    }
    this.sizeBytes = fstatSync(this.#descriptor).size;
  }

  read(offset: number, bytes: number): Uint8Array {
    const window = this.#window;
    const start = offset - window.offset;
    if (start >= 0 && start + bytes <= window.bytes.length) {
      return window.bytes.subarray(start, start + bytes);
    }
    const read = new Uint8Array(Math.max(bytes, WINDOW_BYTES));
    let length = 0;
    while (length < read.length) {
      const more = readSync(this.#descriptor, read, length, read.length - length, offset + length);
      if (more === 0) break;
      length += more;
    }
    this.#window = { offset, bytes: read.subarray(0, length) };
    return this.#window.bytes.subarray(0, bytes);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** What a person can do something about, as one line. */
export function isFileFault(error: unknown): error is Error {
  return error instanceof BboltError;
}
