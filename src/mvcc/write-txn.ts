/**
 * A write transaction. Its index entries go straight into the memtable, under the revision to come,
 * where readers of committed revisions do not see them; its values and log records wait here for the
 * commit. So a transaction reads its own writes by the same code as everyone else, and an abort takes
 * the entries back.
 */
import { ROW_BYTES_MAX } from '../constants.ts';
import { assert } from '../lib/assert.ts';
import { EMPTY_BYTES } from '../lib/bytes.ts';
import type { Generation } from './generation.ts';
import type { IndexEntry } from './index-entry.ts';
import { isLive, metaOf } from './index-entry.ts';
import { recordBytesMax } from './log-page.ts';
import type { PendingWrite } from './read-view.ts';
import { StateAt } from './read-view.ts';
import type {
  Change,
  Key,
  KeyMeta,
  KeyRange,
  KeyValue,
  LeaseId,
  RangeOptions,
  RangeResult,
  WriteTxn,
} from './types.ts';
import type { MemEntry } from './memtable.ts';

/** Room for a row's head beside a page that holds one record. */
const RECORD_BYTES_MAX = ROW_BYTES_MAX - 1024;

/** What a transaction needs of its store. */
export interface TxnHost {
  readonly generation: Generation;
  readonly revision: number;
  readonly compactRevision: number;
  /** Reads at an explicit, committed revision. Throws CompactedError or FutureRevisionError. */
  range(range: KeyRange, options: RangeOptions): RangeResult;
  /** Takes the writes over; the transaction is at its end. */
  commitWrites(writes: readonly PendingWrite[]): void;
  endTransaction(): void;
}

export class StoreTxn implements WriteTxn {
  readonly #host: TxnHost;
  /** Index in the list = sub. */
  readonly writes: PendingWrite[] = [];
  #open = true;

  constructor(host: TxnHost) {
    this.#host = host;
  }

  get revision(): number {
    return this.#host.revision;
  }

  get compactRevision(): number {
    return this.#host.compactRevision;
  }

  get changed(): boolean {
    return this.writes.length > 0;
  }

  meta(key: Key): KeyMeta | undefined {
    return metaOf(this.#lookup(key));
  }

  get(key: Key): KeyValue | undefined {
    return this.#state().get(key);
  }

  range(range: KeyRange, options: RangeOptions): RangeResult {
    if (options.revision > 0) return this.#host.range(range, options);
    return this.#state().range(range, options);
  }

  put(key: Key, value: Uint8Array, lease: LeaseId): KeyMeta | undefined {
    const bytes = recordBytesMax({ key, value });
    if (bytes > RECORD_BYTES_MAX) {
      throw new RangeError(`put: key and value take ${bytes} bytes, at most ${RECORD_BYTES_MAX}`);
    }
    const found = this.#lookup(key);
    const previous = found !== undefined && isLive(found) ? found : undefined;
    const modRevision = this.#host.revision + 1;
    const entry = {
      key,
      createRevision: previous?.createRevision ?? modRevision,
      modRevision,
      version: (previous?.version ?? 0) + 1,
      lease,
      sub: this.writes.length,
      valueLength: value.length,
      older: undefined,
    };
    this.#write(entry, value, previous);
    return metaOf(previous);
  }

  deleteRange(range: KeyRange): readonly KeyMeta[] {
    const gone = this.#state().liveEntries(range);
    for (const previous of gone) {
      const tombstone = {
        key: previous.key,
        createRevision: 0,
        modRevision: this.#host.revision + 1,
        version: 0,
        lease: 0n,
        sub: this.writes.length,
        valueLength: 0,
        older: undefined,
      };
      this.#write(tombstone, EMPTY_BYTES, previous);
    }
    return gone.map((entry) => metaOf(entry) as KeyMeta);
  }

  commit(): readonly Change[] {
    this.#end('commit');
    if (this.writes.length > 0) this.#host.commitWrites(this.writes);
    return this.writes.map(changeOf);
  }

  abort(): void {
    this.#end('abort');
    const { memtable } = this.#host.generation;
    for (let at = this.writes.length - 1; at >= 0; at--) {
      memtable.pop((this.writes[at] as PendingWrite).entry.key);
    }
  }

  #write(entry: MemEntry, value: Uint8Array, previous: IndexEntry | undefined): void {
    assert(this.#open, `write ${entry.modRevision}.${entry.sub}: the transaction has ended`);
    this.#host.generation.memtable.push(entry);
    this.writes.push({ entry, value, previous });
  }

  #end(how: string): void {
    assert(this.#open, `${how}: the transaction has ended`);
    this.#open = false;
    this.#host.endTransaction();
  }

  #lookup(key: Key): IndexEntry | undefined {
    return this.#host.generation.lookup(key, this.#host.revision + 1);
  }

  #state(): StateAt {
    const { generation, revision } = this.#host;
    return new StateAt(generation, revision + 1, revision, this.writes);
  }
}

function changeOf({ entry, value }: PendingWrite): Change {
  const { key, createRevision, modRevision, version, lease, sub } = entry;
  const kv = { key, createRevision, modRevision, version, lease, value };
  return { type: isLive(entry) ? 'put' : 'delete', kv, sub };
}
