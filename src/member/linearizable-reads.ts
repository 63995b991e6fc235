import { StatusError } from '../api/errors.ts';
import { ByteWriter } from '../lib/binary.ts';
import { byteString } from '../lib/bytes.ts';

interface Reader {
  readonly deadlineMs: number;
  readonly serve: () => void;
  readonly fail: (error: StatusError) => void;
}

interface Confirmed {
  /** Readers may be served once this index is applied. */
  readonly index: number;
  readonly readers: readonly Reader[];
}

/**
 * Readers that need a confirmed read index (thesis 6.4). All readers of one turn share one request to
 * Raft, which asks again by itself, under fresh ids, until it is answered or given up.
 */
export class LinearizableReads {
  readonly #nonce: Uint8Array;
  #counter = 0;
  /** Everyone who waits, in order of arrival, which is order of deadline. */
  readonly #waiting = new Set<Reader>();
  /** Came in since the last round began. */
  #gathered: Reader[] = [];
  /** Asked and unanswered, by the request's id as byte string. */
  readonly #asked = new Map<string, readonly Reader[]>();
  #confirmed: Confirmed[] = [];

  /** @param nonce random bytes of this construction: a twin's answer is never taken for ours. */
  constructor(nonce: Uint8Array) {
    this.#nonce = nonce;
  }

  get waiting(): boolean {
    return this.#waiting.size > 0;
  }

  get count(): number {
    return this.#waiting.size;
  }

  /** Resolves when a read of the applied state is linearizable with regard to this call. */
  wait(deadlineMs: number): Promise<void> {
    return new Promise((serve, fail) => {
      const reader = { deadlineMs, serve, fail };
      this.#waiting.add(reader);
      this.#gathered.push(reader);
    });
  }

  /** Asks for the readers gathered; `ask` hands the request's id to Raft. */
  flush(ask: (id: Uint8Array) => void): void {
    const readers = this.#gathered.filter((reader) => this.#waiting.has(reader));
    this.#gathered = [];
    if (readers.length === 0) return;
    const id = this.#nextId();
    this.#asked.set(byteString(id), readers);
    ask(id);
  }

  confirm(id: Uint8Array, index: number): void {
    const readers = this.#take(id);
    if (readers.length > 0) this.#confirmed.push({ index, readers });
  }

  /** Serves the readers whose index the state has reached. */
  serveUpTo(applied: number): void {
    if (this.#confirmed.length === 0) return;
    const ready = this.#confirmed.filter((confirmed) => confirmed.index <= applied);
    this.#confirmed = this.#confirmed.filter((confirmed) => confirmed.index > applied);
    for (const { readers } of ready) {
      for (const reader of readers) if (this.#waiting.delete(reader)) reader.serve();
    }
  }

  /** Raft found no confirmed leader for a request. */
  abort(id: Uint8Array, error: StatusError): void {
    for (const reader of this.#take(id)) if (this.#waiting.delete(reader)) reader.fail(error);
  }

  /** Ends readers past their deadline. */
  expire(nowMs: number): void {
    for (const reader of this.#waiting) {
      if (reader.deadlineMs > nowMs) return;
      this.#waiting.delete(reader);
      reader.fail(StatusError.of('timeout'));
    }
  }

  failAll(error: StatusError): void {
    const readers = [...this.#waiting];
    this.#waiting.clear();
    this.#gathered = [];
    this.#asked.clear();
    this.#confirmed = [];
    for (const reader of readers) reader.fail(error);
  }

  #take(id: Uint8Array): readonly Reader[] {
    const key = byteString(id);
    const readers = this.#asked.get(key) ?? [];
    this.#asked.delete(key);
    return readers;
  }

  #nextId(): Uint8Array {
    const writer = new ByteWriter(this.#nonce.length + 8);
    writer.raw(this.#nonce);
    writer.varint(++this.#counter);
    return writer.finish();
  }
}
