/** Streams of gRPC-Web. */
import { decodeJson } from '../../api/json.ts';
import { WatchResponse } from '../../api/messages.ts';
import { encodeBase64 } from '../../lib/base64.ts';
import { concatBytes, EMPTY_BYTES } from '../../lib/bytes.ts';
import { encodeUtf8 } from '../../lib/utf8.ts';
import type { StreamFormat } from '../streams.ts';
import type { WatchFormat } from '../watch/session.ts';
import { CONTENT_TYPES, type GrpcWebMode } from './content-type.ts';
import { dataFrame, trailersFrame } from './frames.ts';

export const GRPC_WEB_FRAMES: StreamFormat = {
  contentType: CONTENT_TYPES.binary,
  message: (_, body) => dataFrame(body),
  end: trailersFrame,
  heartbeat: EMPTY_BYTES,
};

const RESULT_HEAD_BYTES = '{"result":'.length;
const RESULT_TAIL_BYTES = '}'.length;

/** Members write a watch for the Worker as lines of JSON, whatever the client reads. */
export const GRPC_WEB_WATCH: WatchFormat = {
  message({ line }) {
    const json = line.subarray(RESULT_HEAD_BYTES, line.length - RESULT_TAIL_BYTES);
    return [dataFrame(WatchResponse.encode(decodeJson(WatchResponse, json)).finish())];
  },
  error: (error) => [trailersFrame(error)],
  bookmark: () => undefined,
  heartbeat: GRPC_WEB_FRAMES.heartbeat,
};

/** The answer as the client wants to read it: in text mode each piece is base64 with its padding. */
export function inMode(mode: GrpcWebMode, answer: Response): Response {
  const headers = new Headers(answer.headers);
  headers.set('Content-Type', CONTENT_TYPES[mode]);
  if (mode === 'binary' || answer.body === null) return new Response(answer.body, { headers });
  const toText = new TransformStream<Uint8Array, Uint8Array>({
    transform: (piece, controller) => controller.enqueue(encodeUtf8(encodeBase64(piece))),
  });
  return new Response(answer.body.pipeThrough(toText), { headers });
}

/** The answer to a call that has one message. */
export function unaryAnswer(body: Uint8Array): Response {
  return new Response(concatBytes([dataFrame(body), trailersFrame(undefined)]));
}
