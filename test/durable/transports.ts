/** Ways to call a member, each as a client of its transport does it. */
import { type GrpcClient, GrpcError } from '../../scripts/lib/grpc-client.ts';
import { Code } from '../../src/api/errors.ts';
import { decodeJson, encodeJson } from '../../src/api/json.ts';
import { type MessageType, messageTypes } from '../../src/api/messages.ts';
import type { MethodSchema } from '../../src/api/schema.ts';
import { jsonPathsOf, type Transport } from '../../src/api/transports.ts';
import type { Channel } from '../../src/client/channel.ts';

/** The first message of the answer, or the status without one. */
export interface Outcome {
  readonly code: number;
  readonly message: string;
  readonly first: Uint8Array | undefined;
}

export interface Caller {
  readonly transport: Transport;
  readonly name: string;
  /** Sends one request; of a stream the first message is waited for, and then it is left. */
  call(method: MethodSchema, request: Uint8Array): Promise<Outcome>;
}

export function jsonCaller(endpoint: string): Caller {
  return {
    transport: 'json',
    name: 'JSON',
    async call(method, request) {
      const [path = ''] = jsonPathsOf(method);
      const type = typeNamed(method.request);
      const text = encodeJson(type, type.decode(request));
      const answer = await post(`${endpoint}${path}`, Buffer.from(text), {});
      const isStream = method.serverStreaming;
      const body = isStream
        ? await answer.until((bytes) => bytes.includes(10))
        : await answer.all();
      const line = body.toString().trim().split('\n')[0] ?? '';
      const { error, result, code, message } = (line === '' ? {} : JSON.parse(line)) as JsonAnswer;
      if (isStream && typeof error === 'object') {
        return {
          code: error.code ?? error.grpc_code ?? -1,
          message: error.message,
          first: undefined,
        };
      }
      if (code !== undefined) return { code, message: message ?? '', first: undefined };
      const response = typeNamed(method.response);
      const json = !isStream ? line : result === undefined ? '' : JSON.stringify(result);
      const first =
        json === '' ? undefined : response.encode(decodeJson(response, Buffer.from(json))).finish();
      return { code: Code.OK, message: '', first };
    },
  };
}

interface JsonAnswer {
  readonly code?: number;
  readonly message?: string;
  readonly result?: unknown;
  readonly error?:
    string | { readonly code?: number; readonly grpc_code?: number; readonly message: string };
}

const HEAD_BYTES = 5;
const TRAILERS = 0x80;

export function grpcWebCaller(endpoint: string, mode: 'binary' | 'text'): Caller {
  const suffix = mode === 'text' ? '-text' : '';
  return {
    transport: 'grpc-web',
    name: `gRPC-Web, ${mode}`,
    async call(method, request) {
      const head = Buffer.alloc(HEAD_BYTES);
      head.writeUInt32BE(request.length, 1);
      const frame = Buffer.concat([head, request]);
      const body = mode === 'text' ? Buffer.from(frame.toString('base64')) : frame;
      const headers = { 'content-type': `application/grpc-web${suffix}` };
      const answer = await post(`${endpoint}/${method.path}`, body, headers);
      if (answer.headers.has('grpc-status')) {
        await answer.all();
        return statusIn(answer.headers);
      }
      const read = mode === 'text' ? fromPaddedBase64 : (bytes: Buffer) => bytes;
      const frames = read(await answer.until((bytes) => isWhole(read(bytes))));
      const content = frames.subarray(HEAD_BYTES, HEAD_BYTES + frames.readUInt32BE(1));
      if (frames[0] !== TRAILERS) return { code: Code.OK, message: '', first: content };
      const lines = content.toString().split('\r\n').filter(Boolean);
      return statusIn(new Headers(lines.map((line) => line.split(': ') as [string, string])));
    },
  };
}

/** To be closed by whoever has made the channel. */
export function sessionCaller(channel: Channel): Caller {
  return {
    transport: 'session',
    name: 'session',
    call: (method, request) =>
      new Promise((resolve) => {
        const call = channel.open(
          method.path,
          {},
          {
            onMessage: (first) => {
              resolve({ code: Code.OK, message: '', first });
              queueMicrotask(() => call.cancel());
            },
            onEnd: ({ code, message }) => resolve({ code, message, first: undefined }),
          },
        );
        call.send(request);
        call.halfClose();
      }),
  };
}

export function grpcCaller(client: GrpcClient): Caller {
  return {
    transport: 'grpc',
    name: 'gRPC',
    async call(method, request) {
      const call = client.stream(method.path);
      try {
        call.send(request);
        call.halfClose();
        const first = await call.next();
        return { code: Code.OK, message: '', first };
      } catch (error) {
        if (!(error instanceof GrpcError)) throw error;
        return { code: error.code, message: error.text, first: undefined };
      } finally {
        call.cancel();
      }
    },
  };
}

function isWhole(frames: Buffer): boolean {
  return frames.length >= HEAD_BYTES && frames.length >= HEAD_BYTES + frames.readUInt32BE(1);
}

function fromPaddedBase64(text: Buffer): Buffer {
  const parts = text.toString().match(/[^=]{2,}=*/g) ?? [];
  return Buffer.concat(parts.map((part) => Buffer.from(part, 'base64')));
}

function statusIn(fields: Headers): Outcome {
  const message = decodeURIComponent(fields.get('grpc-message') ?? '');
  return { code: Number(fields.get('grpc-status')), message, first: undefined };
}

interface Posted {
  readonly headers: Headers;
  /** The whole body. */
  all(): Promise<Buffer>;
  /** The body as far as it takes to be enough; the rest is left. */
  until(isEnough: (bytes: Buffer) => boolean): Promise<Buffer>;
}

async function post(url: string, body: Buffer, headers: Record<string, string>): Promise<Posted> {
  const leaving = new AbortController();
  const response = await fetch(url, { method: 'POST', body, headers, signal: leaving.signal });
  return {
    headers: response.headers,
    all: async () => Buffer.from(await response.arrayBuffer()),
    async until(isEnough) {
      let bytes = Buffer.alloc(0);
      for await (const part of response.body ?? []) {
        bytes = Buffer.concat([bytes, part as Uint8Array]);
        if (isEnough(bytes)) break;
      }
      leaving.abort();
      return bytes;
    },
  };
}

export function typeNamed(name: string): MessageType {
  const types: Readonly<Record<string, MessageType>> = messageTypes;
  const type = types[name];
  if (type === undefined) throw new RangeError(`test ${name}: no such message type`);
  return type;
}
