import type { StatusError } from '../api/errors.ts';
import { READ_RETRY_MS } from '../constants.ts';
import { ByteWriter } from '../lib/binary.ts';
import { byteString } from '../lib/bytes.ts';

interface Reader {
  readonly deadlineMs: number;
  readonly serve: () => void;
  readonly fail: (error: StatusError) => void;
}

interface Round {
  readonly readers: readonly Reader[];
  readonly askedMs: number;
}

interface Confirmed {
  /** Readers may be served once this index is applied. */
  readonly index: number;
  readonly readers: readonly Reader[];
}

/**
 * Readers that need a confirmed read index (thesis 6.4). All readers of one turn share one round; a
 * round without an answer is asked again under a fresh id, never the old one: an answer to the first
 * asking may have been computed before a later write was acknowledged elsewhere.
 */
export class LinearizableReads {
  readonly #nonce: Uint8Array;
  #counter = 0;
  /** Everyone who waits, in order of arrival, which is order of deadline. */
  readonly #waiting = new Set<Reader>();
  /** Came in since the last round began. */
  #gathered: Reader[] = [];
  /** Asked and unanswered, by id as byte string, oldest first. */
  readonly #asked = new Map<string, Round>();
  #confirmed: Confirmed[] = [];

  /** @param nonce random bytes of this construction: a twin's answer is never taken for ours. */
  constructor(nonce: Uint8Array) {
    this.#nonce = nonce;
  }

  get waiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Resolves when a read of the applied state is linearizable with regard to this call. */
  wait(deadlineMs: number): Promise<void> {
    return new Promise((serve, fail) => {
      const reader = { deadlineMs, serve, fail };
      this.#waiting.add(reader);
      this.#gathered.push(reader);
    });
  }

  /** Begins a round for the readers gathered; `ask` hands its id to Raft. */
  flush(nowMs: number, ask: (id: Uint8Array) => void): void {
    const readers = this.#gathered.filter((reader) => this.#waiting.has(reader));
    this.#gathered = [];
    if (readers.length === 0) return;
    const id = this.#nextId();
    this.#asked.set(byteString(id), { readers, askedMs: nowMs });
    ask(id);
  }

  confirm(id: Uint8Array, index: number): void {
    const key = byteString(id);
    const round = this.#asked.get(key);
    if (round === undefined) return;
    this.#asked.delete(key);
    this.#confirmed.push({ index, readers: round.readers });
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

  /** Puts the readers of rounds unanswered for READ_RETRY_MS back, for a round under a new id. */
  retry(nowMs: number): void {
    for (const [key, round] of this.#asked) {
      // A clock that jumped back must not keep a round from being asked again.
      if (nowMs >= round.askedMs && nowMs - round.askedMs < READ_RETRY_MS) return;
      this.#asked.delete(key);
      this.#gathered.push(...round.readers);
    }
  }

  expire(nowMs: number, error: StatusError): void {
    for (const reader of this.#waiting) {
      if (reader.deadlineMs > nowMs) return;
      this.#waiting.delete(reader);
      reader.fail(error);
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

  #nextId(): Uint8Array {
    const writer = new ByteWriter(this.#nonce.length + 8);
    writer.raw(this.#nonce);
    writer.varint(++this.#counter);
    return writer.finish();
  }
}
