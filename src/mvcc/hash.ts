/**
 * etcd's HashKV: CRC-32C over the name of etcd's bucket, then in revision order the backend key and
 * the marshalled mvccpb.KeyValue of each change that counts. Those newer than the compaction all do;
 * of the rest only the pairs that still stand at the revision asked for, or, if no pair at all stands
 * there, whatever compaction left. Tombstones that old never count.
 *
 * A hash of a large store takes seconds, so it can be taken in steps, with other work between them.
 */
import { ByteWriter } from '../lib/binary.ts';
import { bytesOf } from '../lib/bytes.ts';
import { crc32c } from '../lib/crc32c.ts';
import { writeBackendKey, writeBackendValue } from './backend-pair.ts';
import type { Generation } from './generation.ts';
import { recordsIn } from './log-page.ts';
import type { RecordCursor } from './revision-record.ts';
import type { HashResult } from './types.ts';

const BUCKET = bytesOf('key');
/** A hash being taken. While it is open, compaction leaves the log alone: close it. */
export class HashJob {
  readonly #generation: Generation;
  readonly #revision: number;
  readonly #compactRevision: number;
  /** Of old changes, those count that are their key's newest at this revision. */
  readonly #keepRevision: number;
  readonly #writer = new ByteWriter(4096);
  #hash = crc32c(BUCKET);
  /** Revision from which the next step goes on. */
  #next = 0;
  #open = true;

  /** `pairs`: how many pairs stand at `revision`. */
  constructor(generation: Generation, revision: number, compactRevision: number, pairs: number) {
    this.#generation = generation;
    this.#revision = revision;
    this.#compactRevision = compactRevision;
    this.#keepRevision = pairs > 0 ? revision : compactRevision;
    generation.pins++;
  }

  /** One bounded part; the result when it was the last. */
  step(): HashResult | undefined {
    const { log, settings } = this.#generation;
    let bytes = 0;
    let last = -1;
    for (let index = log.pageOf(this.#next, 0); index < log.pageCount; index++) {
      const page = log.page(index, false);
      const cursor = recordsIn(page.id, page.data);
      while (cursor.next()) {
        if (cursor.modRevision < this.#next) continue;
        if (cursor.modRevision > this.#revision) return this.#end();
        if (bytes > settings.hashStepBytes && last >= 0 && cursor.modRevision > last) {
          this.#next = cursor.modRevision;
          return undefined;
        }
        last = cursor.modRevision;
        if (this.#counts(cursor)) this.#add(cursor);
      }
      bytes += page.data.length;
    }
    return this.#end();
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#generation.pins--;
  }

  #end(): HashResult {
    this.close();
    return {
      hash: this.#hash,
      revision: this.#revision,
      compactRevision: this.#compactRevision,
    };
  }

  #counts(record: RecordCursor): boolean {
    if (record.modRevision > this.#compactRevision) return true;
    if (record.tombstone) return false;
    const newest = this.#generation.lookup(record.key(), this.#keepRevision);
    return newest?.modRevision === record.modRevision && newest.sub === record.sub;
  }

  #add(record: RecordCursor): void {
    const writer = this.#writer;
    writer.reset();
    writeBackendKey(writer, record);
    writeBackendValue(writer, record);
    this.#hash = crc32c(writer.view(), this.#hash);
  }
}
