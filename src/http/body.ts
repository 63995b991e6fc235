import { Code, StatusError } from '../api/errors.ts';
import { BODY_DRAIN_BYTES_MAX } from '../constants.ts';
import { concatBytes } from '../lib/bytes.ts';

/**
 * The whole body, if it is no longer than `bytesMax`. The rest of a longer one is read and forgotten: a
 * client whose connection ends while it still sends sees that, and not our answer.
 * @throws StatusError with gRPC's text for a message over its limit, as etcd answers
 */
export async function readBody(request: Request, bytesMax: number): Promise<Uint8Array> {
  const announced = Number(request.headers.get('content-length') ?? '0');
  if (announced > bytesMax) {
    await drain(request.body, BODY_DRAIN_BYTES_MAX);
    throw tooLong(announced, bytesMax);
  }
  if (request.headers.has('content-length')) return new Uint8Array(await request.arrayBuffer());
  return readBounded(request.body, bytesMax);
}

async function readBounded(
  body: ReadableStream<Uint8Array> | null,
  bytesMax: number,
): Promise<Uint8Array> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body ?? []) {
    length += part.length;
    if (length > BODY_DRAIN_BYTES_MAX) break;
    if (length <= bytesMax) parts.push(part);
    else parts = [];
  }
  if (length > bytesMax) throw tooLong(length, bytesMax);
  return concatBytes(parts);
}

async function drain(body: ReadableStream<Uint8Array> | null, bytesMax: number): Promise<void> {
  let length = 0;
  for await (const part of body ?? []) {
    length += part.length;
    if (length > bytesMax) return;
  }
}

function tooLong(bytes: number, bytesMax: number): StatusError {
  return new StatusError(
    Code.ResourceExhausted,
    `grpc: received message larger than max (${bytes} vs. ${bytesMax})`,
  );
}
