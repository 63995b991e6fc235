/**
 * Random requests to etcd's KV and lease services: few keys, every field, good and bad values. What
 * comes next depends on the seed and on the revisions seen in answers, and so is the same in each run.
 *
 * Left out because etcd 3.4 dies of it or answers at random: sort targets that do not exist, null as an
 * operation, ignore_value beside an open-ended deletion (all three panic), two kinds in one operation, two
 * faults in one JSON, leases short enough to expire.
 */
import { isOpenEnd } from '../../src/apply/keys.ts';
import { Prng } from '../../src/lib/prng.ts';
import type { Answer, Operation } from './operation.ts';
import { corrupted } from './corruption.ts';
import { EnumValue, JsonWriter, RawJson, type Value } from './json-writer.ts';

type Fields = Record<string, Value>;

/** At most 12: Go sorts so few by insertion, which keeps ties in key order. */
const KEYS: readonly Uint8Array[] = [
  'a',
  'b',
  'c',
  'ab',
  'a\0',
  'abc',
  'b\xff',
  '\0',
  '\xff',
  '\xff\xff',
  'foo/1',
  'foo/2',
].map(latin1);
const OTHER_ENDS: readonly Uint8Array[] = ['d', 'foo0', 'zz', 'a', '\0\0', '\xff\xff\xff'].map(
  latin1,
);
const OPEN_END = latin1('\0');
const EMPTY = new Uint8Array(0);
const LEASES: readonly bigint[] = [1n, 7n, -5n, 2n ** 62n + 1n, 2n ** 63n - 1n];
/** Long enough that none expires while a run lasts. */
const TTL_SECONDS = 1_000_000n;
const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

const SORT_ORDERS = ['NONE', 'ASCEND', 'DESCEND'].map(
  (name, number) => new EnumValue(name, number),
);
const SORT_TARGETS = ['KEY', 'VERSION', 'CREATE', 'MOD', 'VALUE'].map(
  (name, number) => new EnumValue(name, number),
);
const RESULTS = ['EQUAL', 'GREATER', 'LESS', 'NOT_EQUAL'].map(
  (name, number) => new EnumValue(name, number),
);
const TARGETS = ['VERSION', 'CREATE', 'MOD', 'VALUE', 'LEASE'].map(
  (name, number) => new EnumValue(name, number),
);
/** The field of a compare that each target reads. */
const TARGET_FIELDS = ['version', 'create_revision', 'mod_revision', 'value', 'lease'] as const;

/** What an operation inside a transaction may be. */
interface TxnShape {
  readonly depth: number;
  /** No open-ended deletions, so that puts may keep values. */
  readonly keeping: boolean;
}

export interface GeneratorOptions {
  readonly seed: number;
  /** Also grant and revoke leases and attach keys to them. */
  readonly leases: boolean;
  /**
   * Also reads that any member may answer from a state that lags behind. Leave them out where the subject
   * has several members.
   */
  readonly serializable: boolean;
}

export class Generator {
  readonly #random: Prng;
  readonly #writer: JsonWriter;
  readonly #leases: boolean;
  readonly #serializable: boolean;
  /** Newest revision seen in an answer. */
  #revision = 1;
  /** Revision of the last compaction that was answered well. */
  #compacted = 0;
  #compacting = 0;

  constructor({ seed, leases, serializable }: GeneratorOptions) {
    this.#random = new Prng(seed);
    this.#writer = new JsonWriter(this.#random);
    this.#leases = leases;
    this.#serializable = serializable;
  }

  next(): Operation {
    const random = this.#random;
    this.#compacting = 0;
    const dice = random.below(1000);
    if (dice < 280) return this.#operation('/v3/kv/range', this.#topLevelRange());
    if (dice < 560) return this.#operation('/v3/kv/put', this.#put(false));
    if (dice < 660) return this.#operation('/v3/kv/deleterange', this.#deleteRange(false));
    if (dice < 940) return this.#operation('/v3/kv/txn', this.#txn(this.#shape()));
    if (dice < 960) return this.#operation('/v3/kv/compaction', this.#compaction());
    if (dice < 963) return this.#operation('/v3/kv/txn', this.#bigTxn());
    if (dice < 965) return this.#operation('/v3/kv/put', this.#bigPut());
    if (!this.#leases) return this.#operation('/v3/kv/range', this.#range());
    if (dice < 985) return this.#operation('/v3/lease/grant', this.#grant());
    return this.#operation(random.bool() ? '/v3/lease/revoke' : '/v3/kv/lease/revoke', {
      ID: random.pick(LEASES),
    });
  }

  /** Learns revisions from the answer to the last operation. */
  observe(answer: Answer): void {
    if (answer.status !== 200) return;
    if (this.#compacting > 0) this.#compacted = this.#compacting;
    const { header } = JSON.parse(answer.body) as { header?: { revision?: string } };
    this.#revision = Number(header?.revision ?? this.#revision);
  }

  #operation(currentPath: string, fields: Fields): Operation {
    // The prefix of 3.3 is still served, by all of them.
    const path = this.#random.bool(0.02) ? currentPath.replace('/v3/', '/v3beta/') : currentPath;
    const body = this.#writer.write(fields);
    // What is left of a broken grant may be a good one, of a lease that expires or has a drawn id.
    const mayBreak = currentPath !== '/v3/lease/grant';
    if (mayBreak && this.#random.bool(0.02)) return { path, body: corrupted(body, this.#random) };
    return { path, body };
  }

  #range(): Fields {
    const random = this.#random;
    const fields = this.#interval();
    this.#maybe(fields, 0.3, 'limit', () => this.#limit());
    this.#maybe(fields, 0.3, 'revision', () => this.#someRevision());
    this.#maybe(fields, 0.3, 'sort_order', () => random.pick(SORT_ORDERS));
    this.#maybe(fields, 0.4, 'sort_target', () => random.pick(SORT_TARGETS));
    this.#maybe(fields, 0.3, 'serializable', () => this.#serializable && random.bool());
    this.#maybe(fields, 0.15, 'keys_only', () => random.bool(0.8));
    this.#maybe(fields, 0.1, 'count_only', () => random.bool(0.8));
    for (const bound of ['mod', 'create']) {
      this.#maybe(fields, 0.1, `min_${bound}_revision`, () => this.#someRevision());
      this.#maybe(fields, 0.1, `max_${bound}_revision`, () => this.#someRevision());
    }
    return fields;
  }

  /** A sort order that does not exist is refused by later etcds: inside a write the stores would part. */
  #topLevelRange(): Fields {
    const fields = this.#range();
    if (this.#random.bool(0.02)) fields['sort_order'] = new RawJson('7');
    return fields;
  }

  #put(inTxn: boolean, keeping = true): Fields {
    const random = this.#random;
    const fields: Fields = { key: this.#key() };
    this.#maybe(fields, 0.9, 'value', () => this.#value());
    this.#maybe(fields, 0.3, 'lease', () => this.#lease());
    this.#maybe(fields, 0.3, 'prev_kv', () => random.bool(0.8));
    if (!keeping) return fields;
    if (random.bool(inTxn ? 0.08 : 0.2)) {
      fields['ignore_value'] = true;
      if (random.bool(0.8)) delete fields['value'];
    }
    if (random.bool(inTxn ? 0.08 : 0.2)) {
      fields['ignore_lease'] = true;
      if (random.bool(0.8)) delete fields['lease'];
    }
    return fields;
  }

  /** @param keeping no open end, which would let the transaction delete what a put wants to keep */
  #deleteRange(keeping: boolean): Fields {
    const fields = this.#interval();
    const end = fields['range_end'];
    if (keeping && end instanceof Uint8Array && isOpenEnd(end)) delete fields['range_end'];
    this.#maybe(fields, 0.4, 'prev_kv', () => this.#random.bool(0.8));
    return fields;
  }

  #shape(): TxnShape {
    return { depth: this.#random.below(4), keeping: this.#random.bool() };
  }

  #txn(shape: TxnShape): Fields {
    const random = this.#random;
    const fields: Fields = {};
    this.#maybe(fields, 0.7, 'compare', () => this.#list(3, () => this.#compare()));
    this.#maybe(fields, 0.9, 'success', () => this.#list(4, () => this.#op(shape)));
    this.#maybe(fields, 0.6, 'failure', () => this.#list(3, () => this.#op(shape)));
    if (random.bool(0.1)) fields['compare'] = [];
    // A transaction without operations counts as a serializable read.
    const hasOps = [fields['success'], fields['failure']].some(
      (ops) => Array.isArray(ops) && ops.length > 0,
    );
    if (!this.#serializable && !hasOps) fields['failure'] = [{ request_range: this.#range() }];
    return fields;
  }

  #op({ depth, keeping }: TxnShape): Fields {
    const random = this.#random;
    const dice = random.below(100);
    if (dice < 1) return {};
    if (dice < 36) return { request_range: this.#range() };
    if (dice < 66) return { request_put: this.#put(true, keeping) };
    if (dice < 82 || depth === 0) return { request_delete_range: this.#deleteRange(keeping) };
    return { request_txn: this.#txn({ depth: depth - 1, keeping }) };
  }

  #compare(): Fields {
    const random = this.#random;
    const target = random.pick(TARGETS);
    const fields: Fields = { key: this.#key() };
    this.#maybe(fields, 0.8, 'result', () =>
      random.bool(0.02) ? new RawJson('9') : random.pick(RESULTS),
    );
    this.#maybe(fields, 0.9, 'target', () => (random.bool(0.02) ? new RawJson('9') : target));
    this.#maybe(fields, 0.2, 'range_end', () => this.#rangeEnd());
    const field = random.bool(0.9) ? TARGET_FIELDS[target.number] : random.pick(TARGET_FIELDS);
    if (random.bool(0.9) && field !== undefined) fields[field] = this.#compared(field);
    return fields;
  }

  #compared(field: (typeof TARGET_FIELDS)[number]): Value {
    const random = this.#random;
    if (field === 'value') return this.#value();
    if (field === 'lease') return random.bool(0.5) ? 0n : random.pick(LEASES);
    if (field === 'version') return BigInt(random.below(4));
    return this.#someRevision();
  }

  #compaction(): Fields {
    const random = this.#random;
    const near = this.#revision - random.below(30);
    const revision = random.bool(0.7) ? BigInt(Math.max(near, 0)) : this.#someRevision();
    this.#compacting = Number(revision);
    const fields: Fields = { revision };
    this.#maybe(fields, 0.3, 'physical', () => random.bool());
    return fields;
  }

  #grant(): Fields {
    const random = this.#random;
    return { ID: random.pick(LEASES), TTL: random.bool(0.9) ? TTL_SECONDS : 9_000_000_001n };
  }

  /** At and over the limit on operations, and deep. */
  #bigTxn(): Fields {
    const random = this.#random;
    const serializable = this.#serializable;
    const range = (): Fields => ({ request_range: { key: this.#key(), serializable } });
    if (random.bool()) {
      let txn: Fields = { success: [range()] };
      const depth = random.pick([20, 60, 126, 127, 128, 130]);
      for (let level = 0; level < depth; level++) txn = { success: [{ request_txn: txn }] };
      return txn;
    }
    const count = random.pick([100, 127, 128, 129]);
    const ops = Array.from({ length: count }, range);
    if (random.bool(0.3)) ops[0] = { request_txn: { success: [range()] } };
    return random.bool() ? { success: ops } : { success: [range()], failure: ops };
  }

  #bigPut(): Fields {
    const mebibyte = 1024 * 1024;
    const bytes = this.#random.pick([0.1, 1.4, 1.5, 1.6, 1.9]) * mebibyte;
    return { key: this.#key(), value: new Uint8Array(Math.floor(bytes)).fill(0x78) };
  }

  #interval(): Fields {
    const fields: Fields = { key: this.#key() };
    this.#maybe(fields, 0.6, 'range_end', () => this.#rangeEnd());
    return fields;
  }

  #key(): Uint8Array {
    return this.#random.bool(0.01) ? EMPTY : this.#random.pick(KEYS);
  }

  #rangeEnd(): Uint8Array {
    const random = this.#random;
    if (random.bool(0.3)) return OPEN_END;
    if (random.bool(0.05)) return EMPTY;
    return random.pick(random.bool() ? KEYS : OTHER_ENDS);
  }

  #value(): Uint8Array {
    const random = this.#random;
    if (random.bool(0.1)) return EMPTY;
    if (random.bool(0.7)) return latin1(random.pick(['x', 'y', 'yy', '\0', '\xff']));
    return random.bytes(random.below(40));
  }

  /** 0, one that may live, or one that never did. */
  #lease(): bigint {
    const random = this.#random;
    if (!this.#leases) return random.bool(0.7) ? 0n : random.pick(LEASES);
    return random.bool(0.2) ? 0n : random.bool(0.1) ? 99n : random.pick(LEASES);
  }

  #limit(): bigint {
    return this.#random.pick([0n, 1n, 1n, 2n, 3n, 5n, 12n, -1n, INT64_MAX, INT64_MIN]);
  }

  #someRevision(): bigint {
    const random = this.#random;
    const revision = BigInt(this.#revision);
    const compacted = BigInt(this.#compacted);
    if (random.bool(0.5)) return BigInt(1 + random.below(this.#revision));
    if (random.bool(0.5)) return revision - BigInt(random.below(20));
    return random.pick([
      0n,
      revision,
      revision + 1n,
      compacted,
      compacted - 1n,
      compacted + 1n,
      -1n,
      -2n,
      INT64_MAX,
      INT64_MIN,
    ]);
  }

  #list(max: number, item: () => Fields): Fields[] {
    return Array.from({ length: this.#random.below(max + 1) }, item);
  }

  #maybe(fields: Fields, probability: number, field: string, value: () => Value): void {
    if (this.#random.bool(probability)) fields[field] = value();
  }
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}
