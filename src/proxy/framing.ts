/** gRPC's messages in the body of an HTTP/2 stream: a byte of flags, four of length, the message. */
import { receivedTooLarge, Code, StatusError } from '../api/errors.ts';

const HEAD_BYTES = 5;
/** From this size on a message is written as it is, beside its head, instead of being copied. */
const COPIED_BYTES_MAX = 16 * 1024;

export interface FramedMessage {
  /** A view of what came in. */
  readonly body: Buffer;
  readonly compressed: boolean;
}

/** Puts messages together again, however the stream was cut. */
export class MessageReader {
  readonly #bytesMax: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** Bytes that the next message needs before it is worth looking again. */
  #neededBytes = HEAD_BYTES;

  /** @param bytesMax largest message that is taken */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** True when no part of a message waits for its rest. */
  get isEmpty(): boolean {
    return this.#pendingBytes === 0;
  }

  /** The messages that `chunk` completes. @throws StatusError for one that is too long, or no message */
  push(chunk: Buffer): readonly FramedMessage[] {
    let bytes = chunk;
    if (this.#pendingBytes > 0 || chunk.length < this.#neededBytes) {
      this.#pending.push(chunk);
      this.#pendingBytes += chunk.length;
      if (this.#pendingBytes < this.#neededBytes) return [];
      bytes = this.#pending.length === 1 ? chunk : Buffer.concat(this.#pending);
      this.#pending = [];
      this.#pendingBytes = 0;
    }
    const messages: FramedMessage[] = [];
    let at = 0;
    this.#neededBytes = HEAD_BYTES;
    while (bytes.length - at >= HEAD_BYTES) {
      const length = this.#lengthAt(bytes, at);
      const end = at + HEAD_BYTES + length;
      if (bytes.length < end) {
        this.#neededBytes = HEAD_BYTES + length;
        break;
      }
      messages.push({ body: bytes.subarray(at + HEAD_BYTES, end), compressed: bytes[at] === 1 });
      at = end;
    }
    if (at < bytes.length) {
      const rest = at === 0 ? bytes : bytes.subarray(at);
      this.#pending.push(rest);
      this.#pendingBytes = rest.length;
    }
    return messages;
  }

  #lengthAt(bytes: Buffer, at: number): number {
    const flags = bytes[at] ?? 0;
    if (flags > 1) {
      throw new StatusError(Code.Internal, `grpc: received unexpected payload format ${flags}`);
    }
    const length = bytes.readUInt32BE(at + 1);
    if (length > this.#bytesMax) throw receivedTooLarge(length, this.#bytesMax);
    return length;
  }
}

/** A message as it goes on the wire: one piece, or head and body where copying would cost more. */
export function framed(body: Uint8Array): readonly Buffer[] {
  const { length } = body;
  const whole = length <= COPIED_BYTES_MAX;
  const head = Buffer.allocUnsafe(whole ? HEAD_BYTES + length : HEAD_BYTES);
  head[0] = 0;
  head.writeUInt32BE(length, 1);
  if (!whole) return [head, Buffer.from(body.buffer, body.byteOffset, length)];
  head.set(body, HEAD_BYTES);
  return [head];
}
