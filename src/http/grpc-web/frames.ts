/**
 * Frames of gRPC-Web: a byte of flags, four of length, the message. The last frame holds the trailers,
 * which HTTP cannot carry behind a body in every place. Source: grpc/grpc, doc/PROTOCOL-WEB.md.
 */
import { Code, receivedTooLarge, StatusError } from '../../api/errors.ts';
import { MESSAGE_BYTES_MAX } from '../../constants.ts';
import { concatBytes } from '../../lib/bytes.ts';
import { encodeUtf8 } from '../../lib/utf8.ts';

const HEAD_BYTES = 5;
const Flag = { COMPRESSED: 0x01, TRAILERS: 0x80 } as const;

export function dataFrame(message: Uint8Array): Uint8Array {
  return frame(0, message);
}

/** @param error undefined: the call went well */
export function trailersFrame(error: StatusError | undefined): Uint8Array {
  const lines = statusFields(error).map(([name, value]) => `${name}: ${value}\r\n`);
  return frame(Flag.TRAILERS, encodeUtf8(lines.join('')));
}

/** The fields that tell how a call ended: in trailers, or in the head of an answer without messages. */
export function statusFields(error: StatusError | undefined): [name: string, value: string][] {
  return [
    ['grpc-status', String(error?.code ?? Code.OK)],
    ['grpc-message', percentEncoded(error?.message ?? '')],
  ];
}

/** Cuts what comes in into messages, whatever pieces it comes in. */
export class FrameSplitter {
  #parts: Uint8Array[] = [];
  #length = 0;

  /** The messages that are whole now. @throws StatusError for what is no frame of a request */
  push(bytes: Uint8Array): Uint8Array[] {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    const messages: Uint8Array[] = [];
    for (let next = this.#take(); next !== undefined; next = this.#take()) messages.push(next);
    return messages;
  }

  /** @throws StatusError when the body ended within a frame */
  end(): void {
    if (this.#length > 0) {
      throw new StatusError(
        Code.Internal,
        `edgetcd: read a gRPC-Web request: ${this.#length} bytes of a frame, then its end`,
      );
    }
  }

  #take(): Uint8Array | undefined {
    if (this.#length < HEAD_BYTES) return undefined;
    const bytes = this.#joined();
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    refuseFlags(view.getUint8(0));
    const length = view.getUint32(1);
    if (length > MESSAGE_BYTES_MAX) throw receivedTooLarge(length, MESSAGE_BYTES_MAX);
    const end = HEAD_BYTES + length;
    if (bytes.length < end) return undefined;
    this.#parts = [bytes.subarray(end)];
    this.#length = bytes.length - end;
    return bytes.subarray(HEAD_BYTES, end);
  }

  #joined(): Uint8Array {
    const [only] = this.#parts;
    if (this.#parts.length === 1 && only !== undefined) return only;
    const joined = concatBytes(this.#parts);
    this.#parts = [joined];
    return joined;
  }
}

function refuseFlags(flags: number): void {
  if (flags === 0) return;
  if (flags === Flag.COMPRESSED) {
    throw new StatusError(
      Code.Internal,
      'grpc: compressed flag set with identity or empty encoding',
    );
  }
  throw new StatusError(
    Code.Internal,
    `edgetcd: read a gRPC-Web request: a frame has flags ${flags}, 0 is for a message`,
  );
}

function frame(flags: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, flags);
  view.setUint32(1, body.length);
  bytes.set(body, HEAD_BYTES);
  return bytes;
}

/** grpc-message: bytes of UTF-8, all but printable ASCII as %XX, and the percent sign too. */
function percentEncoded(text: string): string {
  let encoded = '';
  for (const byte of encodeUtf8(text)) {
    encoded +=
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}
