/**
 * What really happened, from the entries that members applied: which keys were put or deleted at which
 * revision. What a key held before, and whether it was new, is reckoned here. That the entries are the
 * right ones, and members agree on them, other checkers see to.
 */
import type { Change } from '../../../src/mvcc/types.ts';
import { byteString } from '../../../src/lib/bytes.ts';
import type { Pair } from '../kv.ts';
import type { Applied } from '../observer.ts';
import type { WatchedEvent } from '../watch-record.ts';

export class AppliedTruth {
  /** By revision, each in the order of its transaction. */
  readonly #changes = new Map<number, readonly Change[]>();
  /**
   * What members applied and did not get confirmed: it was done all the same if the member's disk had it,
   * and is true where nothing was confirmed.
   */
  readonly #unconfirmed = new Map<number, readonly Change[]>();

  get revision(): number {
    let newest = 1;
    for (const revision of this.#changes.keys()) newest = Math.max(newest, revision);
    return newest;
  }

  /** Entries are applied by several members, and again after a crash. */
  note({ result, revision }: Applied): void {
    const changes = result?.outcome.changes ?? [];
    if (changes.length > 0 && !this.#changes.has(revision)) this.#changes.set(revision, changes);
  }

  /** The same before it is confirmed. */
  noteEarly({ result, revision }: Applied): void {
    const changes = result?.outcome.changes ?? [];
    if (changes.length > 0) this.#unconfirmed.set(revision, changes);
  }

  events(): WatchedEvent[] {
    const events: WatchedEvent[] = [];
    const pairs = new Map<string, Pair>();
    const newest = this.revision;
    for (let revision = 2; revision <= newest; revision++) {
      const changes = this.#changes.get(revision) ?? this.#unconfirmed.get(revision) ?? [];
      for (const { type, kv } of changes) {
        const { key } = kv;
        const prev = pairs.get(key);
        const pair: Pair | undefined =
          type === 'delete'
            ? undefined
            : {
                key,
                value: byteString(kv.value),
                create: prev?.create ?? revision,
                mod: revision,
                version: (prev?.version ?? 0) + 1,
              };
        if (pair === undefined) pairs.delete(key);
        else pairs.set(key, pair);
        events.push({ kind: type, key, revision, pair, prev });
      }
    }
    return events;
  }
}
