/**
 * etcd's messages as classes, and what 64-bit integers and ids turn into on our side of the wire.
 *
 *     const put = PutRequest.decode(bytes);             // every field set; put.lease is a Long
 *     const bytes = PutResponse.encode({ header: { revision: 7 } }).finish();
 */
import { Long, longOf, type Int64Input } from './wire.ts';

export * from './generated/messages.js';
export {
  Long,
  longOf,
  Reader,
  WireError,
  Writer,
  type Int64Input,
  type MessageType,
} from './wire.ts';

/**
 * A 64-bit integer as a number: revisions, indexes, terms, counts.
 * @throws RangeError when it is not a safe integer; clients may send such, so check before you convert
 */
export function toNumber(value: Int64Input): number {
  const number = typeof value === 'object' ? value.toNumber() : Number(value);
  if (!Number.isSafeInteger(number)) {
    throw new RangeError(`convert ${value.toString()} to a number: it is not a safe integer`);
  }
  return number;
}

/**
 * A 64-bit integer as a number, moved to the nearest safe integer when it is beyond. For revisions and
 * limits that clients send: one that far out means the same as the farthest we can hold.
 */
export function toClampedNumber(value: Int64Input): number {
  const number = typeof value === 'object' ? value.toNumber() : Number(value);
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, number));
}

/** A 64-bit integer, exactly. */
export function toBigInt(value: Int64Input): bigint {
  if (typeof value !== 'object') return BigInt(value);
  const high = value.unsigned ? value.high >>> 0 : value.high;
  return (BigInt(high) << 32n) | BigInt(value.low >>> 0);
}

/** A number as an int64. @throws RangeError when it is not a safe integer */
export function fromNumber(value: number): Long {
  if (!Number.isSafeInteger(value)) {
    throw new RangeError(`convert ${value} to a 64-bit integer: it is not a safe integer`);
  }
  return Long.fromNumber(value);
}

/** A lease id as it travels: int64. */
export function leaseIdToLong(id: bigint): Long {
  return longOf(id);
}

/** A lease id as we keep it: a bigint in the range of int64. */
export function leaseIdOf(value: Int64Input): bigint {
  return BigInt.asIntN(64, toBigInt(value));
}

/** A member or cluster id as it travels, uint64, from its 16 hexadecimal digits. @throws RangeError */
export function idToLong(id: string): Long {
  if (!/^[0-9a-f]{16}$/.test(id)) {
    throw new RangeError(`convert id "${id}": it is not 16 lower-case hexadecimal digits`);
  }
  return Long.fromBits(parseInt(id.slice(8), 16), parseInt(id.slice(0, 8), 16), true);
}

/** A member or cluster id as we keep it: 16 lower-case hexadecimal digits. */
export function idOf(value: Int64Input): string {
  return BigInt.asUintN(64, toBigInt(value)).toString(16).padStart(16, '0');
}
