/**
 * Random requests to etcd's lease, lock and election services, good and bad. The leases are long: what
 * ends by time is compared apart (lease.test.ts). No call is one that would wait: a lock is asked for only
 * while it is free, or by who holds it, or with a lease that is none.
 *
 * Ids that the server draws stand in requests as `<<n>>`, the number of the grant that drew them.
 */
import { Prng } from '../../src/lib/prng.ts';
import { corrupted } from './corruption.ts';
import { JsonWriter, RawJson, type Value } from './json-writer.ts';
import type { Answer, Operation } from './operation.ts';

type Fields = Record<string, Value>;

/** A lease as requests name it: its id, or a placeholder. */
type LeaseName = string;

const CHOSEN: readonly LeaseName[] = ['1', '7', '-5', `${2n ** 62n + 1n}`, `${2n ** 63n - 1n}`];
const NEVER_GRANTED = '99';
/** Long enough that none expires while a run lasts, and so long that its remainder is compared well. */
const TTLS: readonly bigint[] = [1_000_000n, 5_000n, 9_000_000_000n];
const BAD_TTLS: readonly bigint[] = [9_000_000_001n, 2n ** 63n - 1n];
/** Raised to the minimum, of seconds: revoked by the next request. */
const SHORT_TTLS: readonly bigint[] = [0n, -1n, 1n, 2n, -(2n ** 63n)];
const KEYS = ['a', 'b', 'c/x', 'other'] as const;
const NAMES = ['lock', 'election', 'lo', ''] as const;
/** Of all operations. */
const CORRUPTED_SHARE = 0.02;

interface Candidate {
  readonly lease: LeaseName;
  readonly key: string;
  readonly rev: string;
}

export class LeaseGenerator {
  readonly #random: Prng;
  readonly #writer: JsonWriter;
  readonly #live = new Set<LeaseName>();
  /** Candidates by name, the holder first. Here never more than one. */
  readonly #holders = new Map<string, Candidate>();
  #drawn = 0;
  #short = 1_000n;
  #queued: Operation | undefined;
  #learn: ((answer: Record<string, unknown>) => void) | undefined;

  constructor(seed: number) {
    this.#random = new Prng(seed);
    this.#writer = new JsonWriter(this.#random);
  }

  next(): Operation {
    this.#learn = undefined;
    const queued = this.#queued;
    this.#queued = undefined;
    if (queued !== undefined) return queued;
    const dice = this.#random.below(100);
    if (dice < 18) return this.#grant();
    if (dice < 26) return this.#revoke();
    if (dice < 38) return this.#keepAlive();
    if (dice < 50) return this.#timeToLive();
    if (dice < 54) return this.#either('leases', {});
    if (dice < 70) return this.#keys();
    if (dice < 84) return this.#lock();
    return this.#election();
  }

  /** Learns from etcd's answer to the last operation. */
  observe(answer: Answer): void {
    if (answer.status !== 200) return;
    this.#learn?.(JSON.parse(answer.body) as Record<string, unknown>);
  }

  #operation(path: string, fields: Fields, mayBreak = true): Operation {
    const body = this.#writer.write(fields);
    if (!mayBreak || !this.#random.bool(CORRUPTED_SHARE)) return { path, body };
    // What is left of a broken request may be a good one: nothing is learnt from it.
    this.#learn = undefined;
    return { path, body: corrupted(body, this.#random) };
  }

  /** Under the path of today or that of 3.3. */
  #either(call: string, fields: Fields): Operation {
    return this.#operation(`/v3/${this.#random.bool() ? '' : 'kv/'}lease/${call}`, fields);
  }

  #grant(): Operation {
    const random = this.#random;
    if (random.bool(0.25)) return this.#grantShort();
    const TTL = random.pick(random.bool(0.85) ? TTLS : BAD_TTLS);
    if (random.bool(0.3) && TTLS.includes(TTL)) {
      const lease = `<<${this.#drawn++}>>`;
      this.#learn = () => this.#live.add(lease);
      return this.#operation('/v3/lease/grant', { TTL }, false);
    }
    const lease = random.pick(CHOSEN);
    this.#learn = () => this.#live.add(lease);
    return this.#operation('/v3/lease/grant', { ID: id(lease), TTL }, false);
  }

  #grantShort(): Operation {
    const ID = this.#short++;
    this.#queued = { path: '/v3/lease/revoke', body: `{"ID":"${ID}"}` };
    return this.#operation('/v3/lease/grant', { ID, TTL: this.#random.pick(SHORT_TTLS) }, false);
  }

  #revoke(): Operation {
    const lease = this.#lease();
    this.#learn = () => {
      this.#live.delete(lease);
      for (const [name, holder] of this.#holders) {
        if (holder.lease === lease) this.#holders.delete(name);
      }
    };
    const path = `/v3/${this.#random.bool() ? '' : 'kv/'}lease/revoke`;
    return this.#operation(path, { ID: id(lease) }, false);
  }

  #keepAlive(): Operation {
    return this.#operation('/v3/lease/keepalive', { ID: id(this.#lease()) }, false);
  }

  #timeToLive(): Operation {
    const fields: Fields = { ID: id(this.#lease()) };
    if (this.#random.bool(0.7)) fields['keys'] = this.#random.bool(0.9);
    return this.#either('timetolive', fields);
  }

  /** Keys that come to a lease, move to another, leave it, and are looked at. */
  #keys(): Operation {
    const random = this.#random;
    const key = latin1(random.pick(KEYS));
    const dice = random.below(10);
    if (dice < 5) {
      const lease = random.bool(0.1) ? '0' : this.#lease();
      return this.#operation('/v3/kv/put', { key, value: random.bytes(2), lease: id(lease) });
    }
    if (dice < 6) {
      const fields = { key, value: random.bytes(2), ignore_lease: true };
      return this.#operation('/v3/kv/put', fields, false);
    }
    // A candidate's key may go as any other.
    if (dice < 7) return this.#operation('/v3/kv/deleterange', { key }, false);
    return this.#operation('/v3/kv/range', { key: latin1('\0'), range_end: latin1('\0') }, false);
  }

  #lock(): Operation {
    const random = this.#random;
    const name = random.pick(NAMES);
    const holder = this.#holders.get(name);
    if (holder !== undefined && random.bool()) {
      this.#learn = () => this.#holders.delete(name);
      return this.#operation('/v3/lock/unlock', { key: latin1(holder.key) }, false);
    }
    if (random.bool(0.1)) {
      const key = latin1(random.pick(['never', 'a/b', '']));
      return this.#operation('/v3/lock/unlock', { key }, false);
    }
    const lease = this.#candidate(holder);
    this.#hold(name, lease);
    return this.#operation('/v3/lock/lock', { name: latin1(name), lease: id(lease) }, false);
  }

  #election(): Operation {
    const random = this.#random;
    const name = random.pick(NAMES);
    const holder = this.#holders.get(name);
    const dice = random.below(10);
    if (dice < 2) return this.#operation('/v3/election/leader', { name: latin1(name) });
    if (dice < 5 || holder === undefined) {
      if (dice === 9) return this.#operation('/v3/election/proclaim', { value: random.bytes(2) });
      if (dice === 8) return this.#operation('/v3/election/resign', {});
      const lease = this.#candidate(holder);
      this.#hold(name, lease);
      const fields = { name: latin1(name), lease: id(lease), value: random.bytes(2) };
      return this.#operation('/v3/election/campaign', fields, false);
    }
    const isStale = random.bool(0.2);
    const leader = {
      name: latin1(name),
      key: latin1(holder.key),
      rev: BigInt(holder.rev) - (isStale ? 1n : 0n),
      lease: id(holder.lease),
    };
    if (dice < 8) {
      return this.#operation('/v3/election/proclaim', { leader, value: random.bytes(2) }, false);
    }
    if (!isStale) this.#learn = () => this.#holders.delete(name);
    return this.#operation('/v3/election/resign', { leader }, false);
  }

  /** Whoever asks now does not wait: the holder itself, or one whose lease is none. */
  #candidate(holder: Candidate | undefined): LeaseName {
    const random = this.#random;
    if (holder !== undefined) return random.bool(0.8) ? holder.lease : NEVER_GRANTED;
    const chosen = [...this.#live].filter((lease) => !lease.startsWith('<'));
    return chosen.length === 0 || random.bool(0.1) ? NEVER_GRANTED : random.pick(chosen);
  }

  #hold(name: string, lease: LeaseName): void {
    if (!this.#live.has(lease)) return;
    this.#learn = (answer) => {
      const { leader, header } = answer as {
        readonly leader?: { readonly rev?: string };
        readonly header?: { readonly revision?: string };
      };
      const known = this.#holders.get(name);
      const rev = leader?.rev ?? (known?.lease === lease ? known.rev : header?.revision) ?? '0';
      const key = `${name}/${BigInt(lease).toString(16)}`;
      this.#holders.set(name, { lease, key, rev });
    };
  }

  #lease(): LeaseName {
    const random = this.#random;
    const live = [...this.#live];
    if (live.length > 0 && random.bool(0.7)) return random.pick(live);
    return random.pick([...CHOSEN, NEVER_GRANTED]);
  }
}

function id(lease: LeaseName): RawJson {
  return new RawJson(`"${lease}"`);
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}
