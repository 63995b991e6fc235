/** Server reflection, so that grpcurl and its like know the methods without .proto files. */
import { Code } from '../api/errors.ts';
import { Reader, Writer } from '../api/messages.ts';
import { methods, type MethodSchema } from '../api/schema.ts';
import type { CallHandlers, CallOptions, Channel, ClientCall, Status } from '../client/channel.ts';
import { type File, fileNamed, fileNameOf, isSymbol } from './descriptors.ts';

/** Two names for the same messages; most tools still ask the older one too. */
const METHODS: ReadonlyMap<string, MethodSchema> = new Map(
  ['grpc.reflection.v1', 'grpc.reflection.v1alpha'].map((version) => {
    const service = `${version}.ServerReflection`;
    const name = 'ServerReflectionInfo';
    const path = `${service}/${name}`;
    const method = {
      service,
      name,
      path,
      request: `${version}.ServerReflectionRequest`,
      response: `${version}.ServerReflectionResponse`,
      clientStreaming: true,
      serverStreaming: true,
      gatewayPaths: [],
    };
    return [path, method];
  }),
);

export function reflectionMethod(path: string): MethodSchema | undefined {
  return METHODS.get(path);
}

/** Everything else goes on to `channel`. */
export function withReflection(channel: Channel): Channel {
  return {
    open: (method: string, options: CallOptions, handlers: CallHandlers): ClientCall =>
      METHODS.has(method) ? new ReflectionCall(handlers) : channel.open(method, options, handlers),
    close: () => channel.close(),
  };
}

class ReflectionCall implements ClientCall {
  readonly unsentBytes = 0;
  readonly #handlers: CallHandlers;
  #isOver = false;

  constructor(handlers: CallHandlers) {
    this.#handlers = handlers;
  }

  send(body: Uint8Array): void {
    const request = Uint8Array.from(body);
    // No handler is called before `open` has returned and the caller has its call.
    queueMicrotask(() => {
      if (!this.#isOver) this.#handlers.onMessage(answerTo(request));
    });
  }

  halfClose(): void {
    queueMicrotask(() => this.#end({ code: Code.OK, message: '' }));
  }

  cancel(): void {
    queueMicrotask(() => this.#end({ code: Code.Canceled, message: 'context canceled' }));
  }

  pause(): void {
    // A client has as many answers as it has asked questions.
  }

  resume(): void {
    // Nothing was paused.
  }

  #end(status: Status): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#handlers.onEnd(status, []);
  }
}

/** Fields of ServerReflectionRequest. */
const ASKED = { host: 1, fileByName: 3, fileOfSymbol: 4, listServices: 7 } as const;
/** Fields of ServerReflectionResponse. */
const ANSWER = { host: 1, request: 2, files: 4, services: 6, error: 7 } as const;

function answerTo(request: Uint8Array): Uint8Array {
  const answer = Writer.create();
  let host = '';
  let question: { readonly field: number; readonly text: string } = { field: 0, text: '' };
  try {
    const reader = Reader.create(request);
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      const field = tag >>> 3;
      if ((tag & 7) !== LENGTH_DELIMITED) reader.skipType(tag & 7);
      else if (field === ASKED.host) host = reader.string();
      else question = { field, text: textOf(reader.bytes()) };
    }
  } catch {
    question = { field: 0, text: '' };
  }
  if (host !== '') put(answer, ANSWER.host, host);
  put(answer, ANSWER.request, request);
  return put(answer, ...answered(question)).finish();
}

function answered({
  field,
  text,
}: {
  readonly field: number;
  readonly text: string;
}): [number, Uint8Array] {
  switch (field) {
    case ASKED.listServices:
      return [ANSWER.services, serviceList()];
    case ASKED.fileByName:
      return files(fileNamed(text), `File not found: ${text}`);
    case ASKED.fileOfSymbol: {
      const file = isSymbol(text) ? fileNamed(fileNameOf(text)) : undefined;
      return files(file, `Symbol not found: ${text}`);
    }
    default:
      // Extensions are of proto2, and there are none.
      return [ANSWER.error, error(Code.NotFound, `Extension not found: ${text}`)];
  }
}

function serviceList(): Uint8Array {
  const list = Writer.create();
  for (const service of [...new Set(methods.map((method) => method.service))].sort()) {
    put(list, 1, put(Writer.create(), 1, service).finish());
  }
  return list.finish();
}

/** The file and all that it needs. */
function files(file: File | undefined, missing: string): [number, Uint8Array] {
  if (file === undefined) return [ANSWER.error, error(Code.NotFound, missing)];
  const all = new Map([[file.name, file]]);
  for (const { dependencies } of all.values()) {
    for (const name of dependencies) {
      const other = fileNamed(name);
      if (other !== undefined && !all.has(name)) all.set(name, other);
    }
  }
  const list = Writer.create();
  for (const { bytes } of all.values()) put(list, 1, bytes);
  return [ANSWER.files, list.finish()];
}

/** ErrorResponse. */
function error(code: Code, message: string): Uint8Array {
  return put(Writer.create().uint32(ERROR_CODE_TAG).int32(code), 2, message).finish();
}

const LENGTH_DELIMITED = 2;
/** Field 1, a varint. */
const ERROR_CODE_TAG = 8;

function put(writer: Writer, field: number, value: string | Uint8Array): Writer {
  writer.uint32((field << 3) | LENGTH_DELIMITED);
  return typeof value === 'string' ? writer.string(value) : writer.bytes(value);
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}
