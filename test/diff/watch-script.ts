/** A random sequence of what clients do to a store and to the watch streams on it. */
import type { Prng } from '../../src/lib/prng.ts';
import { base64, cancelRequest, createRequest } from '../support/watch-client.ts';

export type Step =
  /** A POST to the gateway. */
  | { readonly kind: 'write'; readonly path: string; readonly body: string }
  /** A request on one of the streams. */
  | { readonly kind: 'watch'; readonly stream: number; readonly request: string }
  /** All that was asked so far is answered before what follows. */
  | { readonly kind: 'settle' };

const KEYS = ['a', 'aa', 'ab', 'b', 'ba', 'c'];
const ENDS = [undefined, undefined, '\0', 'b', 'c', 'ab'];

/** Beyond what servers give out themselves. */
const CHOSEN_IDS_FROM = 1_000;

export class ScriptWriter {
  readonly #prng: Prng;
  readonly #streams: number;
  /** Of the store, as the writes so far have made it. */
  #revision = 1;
  #compacted = 0;
  #values = 0;
  #chosen = 0;

  constructor(prng: Prng, streams: number) {
    this.#prng = prng;
    this.#streams = streams;
  }

  /** The last write made this revision; told by whoever runs the steps. */
  observe(revision: number): void {
    this.#revision = revision;
  }

  next(): Step {
    const roll = this.#prng.below(100);
    if (roll < 40) return this.#put();
    if (roll < 50) return this.#delete();
    if (roll < 60) return this.#txn();
    if (roll < 85) return this.#create();
    if (roll < 92) return this.#cancel();
    if (roll < 98 || this.#revision <= this.#compacted + 1) return { kind: 'settle' };
    return this.#compact();
  }

  #key(): string {
    return base64(this.#prng.pick(KEYS));
  }

  #put(): Step {
    return this.#write('put', this.#putBody());
  }

  #putBody(): object {
    return { key: this.#key(), value: base64(`v${this.#values++}`) };
  }

  #delete(): Step {
    const end = this.#prng.pick(ENDS);
    const range = end === undefined ? {} : { range_end: base64(end) };
    return this.#write('deleterange', { key: this.#key(), ...range });
  }

  /** Several changes of one revision, to different keys. */
  #txn(): Step {
    const [first, second, third] = this.#prng.shuffle(KEYS).map(base64);
    const success = [
      { request_put: { key: first, value: base64(`v${this.#values++}`) } },
      { request_delete_range: { key: second } },
      { request_put: { key: third, value: base64(`v${this.#values++}`) } },
    ];
    return this.#write('txn', { success });
  }

  #compact(): Step {
    const span = this.#revision - this.#compacted;
    this.#compacted += 1 + this.#prng.below(span);
    return this.#write('compaction', { revision: String(this.#compacted) });
  }

  #create(): Step {
    const prng = this.#prng;
    const end = prng.pick(ENDS);
    const request = createRequest({
      key: prng.pick(KEYS),
      ...(end === undefined ? {} : { range_end: end }),
      ...(prng.bool(0.5) ? { start_revision: 1 + prng.below(this.#revision + 3) } : {}),
      ...(prng.bool(0.3) ? { watch_id: this.#chosenId() } : {}),
      ...(prng.bool(0.4) ? { prev_kv: true } : {}),
      ...(prng.bool(0.3) ? { filters: [prng.pick(['NOPUT', 'NODELETE'])] } : {}),
    });
    return { kind: 'watch', stream: prng.below(this.#streams), request };
  }

  /** Never the same twice: etcd does not free the id of a watcher that a compaction has ended. */
  #chosenId(): number {
    return CHOSEN_IDS_FROM + this.#chosen++;
  }

  #cancel(): Step {
    const id = this.#prng.below(20);
    const request = cancelRequest(this.#prng.bool(0.7) ? id : CHOSEN_IDS_FROM + id);
    return { kind: 'watch', stream: this.#prng.below(this.#streams), request };
  }

  #write(method: string, body: object): Step {
    return { kind: 'write', path: `/v3/kv/${method}`, body: JSON.stringify(body) };
  }
}
