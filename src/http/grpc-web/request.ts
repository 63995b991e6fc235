/** What a request of gRPC-Web brings: messages, and a time by which it wants its answer. */
import { Code, StatusError } from '../../api/errors.ts';
import { JSON_REQUEST_BYTES_MAX } from '../../constants.ts';
import { Base64Error, decodeBase64 } from '../../lib/base64.ts';
import { byteString, concatBytes } from '../../lib/bytes.ts';
import type { GrpcWebMode } from './content-type.ts';
import { FrameSplitter } from './frames.ts';

/** The messages of a request's body, which may go on as long as the answer. */
export class RequestMessages {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #text: Base64Pieces | undefined;
  readonly #splitter = new FrameSplitter();

  constructor(body: ReadableStream<Uint8Array> | null, mode: GrpcWebMode) {
    this.#reader = body?.getReader();
    this.#text = mode === 'text' ? new Base64Pieces() : undefined;
  }

  /**
   * The messages that are whole next, at least one; undefined at the end of the body.
   * @throws StatusError
   */
  async next(): Promise<readonly Uint8Array[] | undefined> {
    while (this.#reader !== undefined) {
      const { done, value } = await this.#reader.read();
      if (done) {
        this.#text?.end();
        this.#splitter.end();
        return undefined;
      }
      const messages = this.#splitter.push(this.#text?.push(value) ?? value);
      if (messages.length > 0) return messages;
    }
    return undefined;
  }

  /** The one message of a call that has one. @throws StatusError */
  async one(): Promise<Uint8Array> {
    let found: Uint8Array | undefined;
    for (let more = await this.next(); more !== undefined; more = await this.next()) {
      const [message, second] = more;
      if (found !== undefined || second !== undefined) throw notOne('more than one message');
      found = message;
    }
    if (found === undefined) throw notOne('no message');
    return found;
  }
}

function notOne(what: string): StatusError {
  return new StatusError(
    Code.Internal,
    `edgetcd: read a gRPC-Web request: it holds ${what}, and the method takes one`,
  );
}

/** Base64 that comes in pieces cut anywhere; each group of four characters may end with padding. */
class Base64Pieces {
  #rest = '';

  push(piece: Uint8Array): Uint8Array {
    const text = this.#rest + byteString(piece).replaceAll(/\s/g, '');
    const whole = text.length - (text.length % 4);
    this.#rest = text.slice(whole);
    if (whole > JSON_REQUEST_BYTES_MAX) {
      throw new StatusError(
        Code.ResourceExhausted,
        `edgetcd: read a gRPC-Web request: ${whole} characters at once, at most ${JSON_REQUEST_BYTES_MAX} are read`,
      );
    }
    return decodeGroups(text.slice(0, whole));
  }

  end(): void {
    if (this.#rest !== '') throw notBase64(`it ends with ${JSON.stringify(this.#rest)}`);
  }
}

/** Frames that were encoded one by one stand behind each other, each with its padding. */
function decodeGroups(text: string): Uint8Array {
  const parts = text.match(/[^=]+=*/g) ?? [];
  try {
    return concatBytes(parts.map(decodeBase64));
  } catch (error) {
    if (error instanceof Base64Error) throw notBase64(error.message);
    throw error;
  }
}

function notBase64(why: string): StatusError {
  return new StatusError(Code.Internal, `edgetcd: read a gRPC-Web request as base64: ${why}`);
}

const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/**
 * Milliseconds that the client gives the call (`grpc-timeout`); undefined: as many as it takes.
 * @throws StatusError
 */
export function timeoutOf(headers: Headers): number | undefined {
  const text = headers.get('grpc-timeout');
  if (text === null) return undefined;
  const match = /^(?<amount>\d{1,8})(?<unit>[HMSmun])$/.exec(text);
  const unitMs = UNIT_MS[match?.groups?.['unit'] ?? ''];
  if (unitMs === undefined) {
    throw new StatusError(Code.Internal, `malformed grpc-timeout: ${JSON.stringify(text)}`);
  }
  return Number(match?.groups?.['amount']) * unitMs;
}
