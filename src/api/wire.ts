/**
 * What the generated message classes stand on: protobufjs's Reader and Writer, and the few steps that
 * every class would otherwise repeat. Outside src/api, import messages.ts instead.
 */
import type LongType from 'long';
import protobuf from 'protobufjs/minimal.js';
import { MESSAGE_DEPTH_MAX } from '../constants.ts';
import { EMPTY_BYTES } from '../lib/bytes.ts';

export type Reader = protobuf.Reader;
export const Reader: typeof protobuf.Reader = protobuf.Reader;
export type Writer = protobuf.Writer;
export const Writer: typeof protobuf.Writer = protobuf.Writer;

/**
 * protobufjs loads its own copy of Long; a second import of the package would be a second class, and
 * a second copy in the bundle.
 */
export const Long: typeof LongType = protobuf.util.Long as unknown as typeof LongType;
export type Long = LongType;

/** A 64-bit integer on its way out. Numbers must be safe integers. */
export type Int64Input = Long | number | bigint;

/** Input that holds no valid message of the expected type; protobufjs throws RangeError and Error too. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

/** A generated message class. `T` is what decoding gives, `I` what encoding takes. */
export interface MessageType<T extends object = object, I = T> {
  /** A message with every field at its zero value. */
  new (): T;
  /** Full protobuf name, such as `etcdserverpb.RangeRequest`. */
  readonly typeName: string;
  /** A message with the given fields, and the rest at their zero values. */
  create(fields?: Partial<T>): T;
  /** Appends `message` to a writer; `.finish()` on the result gives the bytes. Zero values are left out. */
  encode(message: I, writer?: Writer): Writer;
  /**
   * The message in `input`. Its byte fields are views of `input`, not copies. Unknown fields are dropped.
   * @throws RangeError, Error or WireError when `input` is no such message
   */
  decode(input: Uint8Array): T;
  /** Reads up to the reader's end into `message`, then sets that end to `outerEnd`. For generated code. */
  read(reader: Reader, outerEnd: number, depth: number, message?: T): T;
}

export const EMPTY: Uint8Array = EMPTY_BYTES;
export const INT64_ZERO: Long = Long.ZERO;
export const UINT64_ZERO: Long = Long.UZERO;

/** Gives generated classes what they have in common. */
export function define(types: Readonly<Record<string, MessageType>>): void {
  for (const [typeName, type] of Object.entries(types)) {
    Object.assign(type, {
      typeName,
      create: (fields?: object) => Object.assign(new type(), fields),
      decode: (input: Uint8Array) => {
        const reader = open(input);
        return type.read(reader, reader.len, 0);
      },
    });
  }
}

/** Node's Buffer slices into Buffers, which differ from Uint8Array in small ways: none gets further. */
function open(input: Uint8Array): Reader {
  const plain =
    input.constructor === Uint8Array
      ? input
      : new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  return new protobuf.Reader(plain);
}

/** Narrows the reader to the length-delimited message that follows. Returns the end to restore after it. */
export function enter(reader: Reader, depth: number): number {
  if (depth >= MESSAGE_DEPTH_MAX) {
    throw new WireError(`decode message: nested deeper than ${MESSAGE_DEPTH_MAX} levels`);
  }
  const length = reader.uint32();
  const outerEnd = reader.len;
  if (length > outerEnd - reader.pos) {
    throw new WireError(
      `decode message: ${length} bytes announced at ${reader.pos}, input ends at ${outerEnd}`,
    );
  }
  reader.len = reader.pos + length;
  return outerEnd;
}

/** Passes over a field that this version does not know. */
export function skip(reader: Reader, tag: number): void {
  reader.skipType(tag & 7, 0, tag >>> 3);
}

/** A packed list of 32-bit integers, appended to `list`. */
export function readPacked(reader: Reader, list: number[]): void {
  const outerEnd = enter(reader, 0);
  while (reader.pos < reader.len) list.push(reader.int32());
  reader.len = outerEnd;
}

/** A packed list of 32-bit integers as a field; nothing when it is empty. */
export function writePacked(writer: Writer, tag: number, list: readonly number[]): void {
  if (list.length === 0) return;
  writer.uint32(tag).fork();
  for (const value of list) writer.int32(value);
  writer.ldelim();
}

/** A 64-bit field; nothing when it is zero. */
export function writeInt64(writer: Writer, tag: number, value: Int64Input): void {
  if (typeof value === 'object') {
    if (value.low !== 0 || value.high !== 0) writer.uint32(tag).int64(value);
  } else if (value !== 0 && value !== 0n) {
    writeInt64Always(writer, tag, value);
  }
}

/** A 64-bit field, zero or not: members of a oneof are told by their presence. */
export function writeInt64Always(writer: Writer, tag: number, value: Int64Input): void {
  writer.uint32(tag);
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) {
      throw new RangeError(`encode 64-bit field: ${value} is not a safe integer`);
    }
    if (value >= 0 && value <= 0xffffffff) writer.uint32(value);
    else writer.int64(value);
  } else if (typeof value === 'bigint') {
    writer.int64(longOf(value));
  } else {
    writer.int64(value);
  }
}

/** The 64 low bits of a bigint. */
export function longOf(value: bigint, unsigned = false): Long {
  return Long.fromBits(
    Number(BigInt.asIntN(32, value)),
    Number(BigInt.asIntN(32, value >> 32n)),
    unsigned,
  );
}
