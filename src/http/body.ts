import { Code, StatusError } from '../api/errors.ts';

/**
 * The whole body, refused as soon as it is known to be too long.
 * @throws StatusError with gRPC's text for a message over its limit, as etcd answers
 */
export async function readBody(request: Request, bytesMax: number): Promise<Uint8Array> {
  const announced = Number(request.headers.get('content-length') ?? '0');
  if (announced > bytesMax) throw tooLong(announced, bytesMax);
  if (request.headers.has('content-length')) return new Uint8Array(await request.arrayBuffer());
  return readBounded(request.body, bytesMax);
}

async function readBounded(
  body: ReadableStream<Uint8Array> | null,
  bytesMax: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body ?? []) {
    length += part.length;
    if (length > bytesMax) throw tooLong(length, bytesMax);
    parts.push(part);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function tooLong(bytes: number, bytesMax: number): StatusError {
  return new StatusError(
    Code.ResourceExhausted,
    `grpc: received message larger than max (${bytes} vs. ${bytesMax})`,
  );
}
