/** What is kept of a session while the object sleeps: its calls that live on, and what they may send. */
import { ByteReader, ByteWriter, DecodeError } from '../lib/binary.ts';
import type { SavedKeepAliveCall } from './session-keepalive.ts';
import type { SavedObserveCall } from './session-observe.ts';
import type { SavedWaitingCall } from './session-waiting.ts';
import type { SavedWatchCall } from './session-watch.ts';

/** Raised when older code could misread the new form. */
const VERSION = 1;

const CallKind = { WATCH: 1, KEEP_ALIVE: 2, OBSERVE: 3, WAITING: 4 } as const;

export type SavedCall =
  | { readonly kind: 'watch'; readonly id: number; readonly state: SavedWatchCall }
  | { readonly kind: 'keepAlive'; readonly id: number; readonly state: SavedKeepAliveCall }
  | { readonly kind: 'observe'; readonly id: number; readonly state: SavedObserveCall }
  | { readonly kind: 'waiting'; readonly id: number; readonly state: SavedWaitingCall };

export interface SavedSession {
  /** Of the client's HELLO; undefined: it has not come. */
  readonly windowBytes: number | undefined;
  readonly calls: readonly SavedCall[];
}

/** What is attached to the socket: the whole, or where the rows are that hold it. */
export interface SessionAttachment {
  /** Names the session; unique among the streams of the member. */
  readonly number: number;
  /** Undefined: in rows. */
  readonly state: Uint8Array | undefined;
}

export function writeAttachment({ number, state }: SessionAttachment): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(VERSION);
  writer.varint(number);
  if (state !== undefined) writer.bytes(state);
  return writer.finish();
}

/** Undefined for what this version did not write. */
export function readAttachment(bytes: Uint8Array): SessionAttachment | undefined {
  return decoded(() => {
    const reader = new ByteReader(bytes);
    if (reader.u8() !== VERSION) return undefined;
    const number = reader.varint();
    return { number, state: reader.done ? undefined : reader.bytes() };
  });
}

export function writeSession({ windowBytes, calls }: SavedSession): Uint8Array {
  const writer = new ByteWriter();
  writer.varint(windowBytes === undefined ? 0 : windowBytes + 1);
  for (const call of calls) {
    switch (call.kind) {
      case 'watch': {
        const { number, needsLeader, credit, taken, attachment, waiting } = call.state;
        writer.u8(CallKind.WATCH);
        writer.varint(call.id);
        writer.varint(number);
        writer.u8(needsLeader ? 1 : 0);
        writeCredit(writer, credit);
        writer.varint(taken);
        writer.bytes(attachment);
        writer.varint(waiting.length);
        for (const message of waiting) writer.bytes(message);
        break;
      }
      case 'keepAlive':
        writer.u8(CallKind.KEEP_ALIVE);
        writer.varint(call.id);
        writeCredit(writer, call.state.credit);
        writer.varint(call.state.taken);
        break;
      case 'observe': {
        const { name, credit, told, seenRevision } = call.state;
        writer.u8(CallKind.OBSERVE);
        writer.varint(call.id);
        writer.bytes(name);
        writeCredit(writer, credit);
        writer.string(told);
        writer.varint(seenRevision);
        break;
      }
      case 'waiting':
        writer.u8(CallKind.WAITING);
        writer.varint(call.id);
        writer.string(call.state.method);
        writer.bytes(call.state.state);
    }
  }
  return writer.finish();
}

/** Undefined for what this version did not write. */
export function readSession(bytes: Uint8Array): SavedSession | undefined {
  return decoded(() => {
    const reader = new ByteReader(bytes);
    const window = reader.varint();
    const calls: SavedCall[] = [];
    while (!reader.done) calls.push(readCall(reader));
    return { windowBytes: window === 0 ? undefined : window - 1, calls };
  });
}

function readCall(reader: ByteReader): SavedCall {
  const kind = reader.u8();
  const id = reader.varint();
  switch (kind) {
    case CallKind.WATCH: {
      const number = reader.varint();
      const needsLeader = reader.u8() === 1;
      const credit = readCredit(reader);
      const taken = reader.varint();
      const attachment = reader.bytes();
      const count = reader.varint();
      const waiting: Uint8Array[] = [];
      for (let index = 0; index < count; index++) waiting.push(reader.bytes());
      const head = { number, needsLeader, credit, taken };
      return { kind: 'watch', id, state: { ...head, attachment, waiting } };
    }
    case CallKind.KEEP_ALIVE: {
      const credit = readCredit(reader);
      return { kind: 'keepAlive', id, state: { credit, taken: reader.varint() } };
    }
    case CallKind.OBSERVE: {
      const name = reader.bytes();
      const credit = readCredit(reader);
      const told = reader.string();
      return { kind: 'observe', id, state: { name, credit, told, seenRevision: reader.varint() } };
    }
    case CallKind.WAITING: {
      const method = reader.string();
      return { kind: 'waiting', id, state: { method, state: reader.bytes() } };
    }
    default:
      throw new DecodeError(`read a saved session: a call of kind ${kind}, expected 1 to 4`);
  }
}

/** Credit may be overdrawn. */
function writeCredit(writer: ByteWriter, credit: number): void {
  writer.u8(credit < 0 ? 1 : 0);
  writer.varint(Math.abs(credit));
}

function readCredit(reader: ByteReader): number {
  const isNegative = reader.u8() === 1;
  const credit = reader.varint();
  return isNegative ? -credit : credit;
}

function decoded<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
