import type { LeaseId } from '../mvcc/types.ts';

/** Where random bytes come from; the member's Random port is one. */
export interface RandomBytes {
  bytes(count: number): Uint8Array;
}

/** An id for a lease whose owner chose none: positive, 63 bits, not in use (etcd's rule L1). */
export function drawLeaseId(random: RandomBytes, inUse: (id: LeaseId) => boolean): LeaseId {
  for (;;) {
    let id = 0n;
    for (const byte of random.bytes(8)) id = (id << 8n) | BigInt(byte);
    id = BigInt.asUintN(63, id);
    if (id !== 0n && !inUse(id)) return id;
  }
}
