/** Which transport serves which method: all but what a transport cannot carry by its nature. */
import { type MethodSchema } from './schema.ts';

/** `json`: etcd's gateway. `grpc`: native, through the proxy or `npm start`. */
export const TRANSPORTS = ['json', 'grpc-web', 'session', 'grpc'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/**
 * How far a method goes on a transport. `requests first`: the client sends all its requests before it
 * reads answers, as gRPC-Web has it; where both directions go on at once that is less than the method.
 */
export type Service = 'whole' | 'requests first' | 'none';

/** A path of ours: etcd serves RangeStream over gRPC only. */
export const RANGE_STREAM_PATH = '/v3/kv/rangestream';

/** Of whoever speaks gRPC: the proxy answers it. Over HTTP there is /health. */
const HEALTH = 'grpc.health.v1.Health';

const RANGE_STREAM = 'etcdserverpb.KV/RangeStream';

export function serviceOf(method: MethodSchema, transport: Transport): Service {
  if (method.service === HEALTH && transport !== 'grpc') return 'none';
  switch (transport) {
    case 'json':
      return jsonPathsOf(method).length > 0 ? 'whole' : 'none';
    case 'grpc-web':
      return method.clientStreaming ? 'requests first' : 'whole';
    case 'session':
    case 'grpc':
      return 'whole';
  }
}

/** Paths of a method over HTTP with JSON: etcd's, and ours for what etcd serves over gRPC only. */
export function jsonPathsOf(method: MethodSchema): readonly string[] {
  return method.path === RANGE_STREAM ? [RANGE_STREAM_PATH] : method.gatewayPaths;
}
