/** The leases of an export in the order of etcd's bucket, 24 bytes each. */
import { leasesIn } from '../lease/codec.ts';
import { leaseKey, leaseValue, type Pair } from './buckets.ts';

export class LeaseList {
  /** Ids as unsigned numbers, since keys are compared as bytes. Ascending. */
  readonly #ids: BigUint64Array;
  /** Granted and remaining seconds of the lease at the same place. */
  readonly #seconds: Float64Array;

  /** `encoded`: what LeaseBook.encode made. @throws DecodeError */
  constructor(encoded: Uint8Array) {
    const leases = [...leasesIn(encoded)];
    leases.sort((left, right) => (unsigned(left.id) < unsigned(right.id) ? -1 : 1));
    this.#ids = BigUint64Array.from(leases, ({ id }) => unsigned(id));
    this.#seconds = Float64Array.from(
      leases.flatMap(({ ttlSeconds, remainingSeconds }) => [ttlSeconds, remainingSeconds]),
    );
  }

  get length(): number {
    return this.#ids.length;
  }

  pair(index: number): Pair {
    const id = BigInt.asIntN(64, this.#ids[index] ?? 0n);
    const ttl = this.#seconds[2 * index] ?? 0;
    return [leaseKey(id), leaseValue(id, ttl, this.#seconds[2 * index + 1] ?? 0)];
  }
}

function unsigned(id: bigint): bigint {
  return BigInt.asUintN(64, id);
}
