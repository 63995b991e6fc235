/** What the proxy answers over HTTP/1.1: /metrics and /health, as etcd's grpc-proxy does. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { RangeRequest } from '../api/messages.ts';
import type { Channel } from '../client/channel.ts';
import { PROXY_HEALTH_TIMEOUT_MS } from '../constants.ts';
import { METRICS_TYPE } from './metrics.ts';
import { unary } from './unary.ts';

export interface PagesOptions {
  /** Asked for health: the cluster's, unchanged by prefixes. */
  readonly upstream: Channel;
  readonly metrics: () => string;
}

/** etcd's own choice of a key to read. */
const HEALTH_REQUEST = RangeRequest.encode({ key: Uint8Array.of(0) }).finish();
const PAGES = ['/health', '/metrics', '/proxy/health', '/proxy/metrics'];

/** An HTTP server that is not listening. */
export function createPages(options: PagesOptions): Server {
  return createServer((request, response) => {
    void answer(request, response, options);
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { upstream, metrics }: PagesOptions,
): Promise<void> {
  const path = (request.url ?? '').replace(/\?.*$/s, '');
  request.resume();
  if (!PAGES.includes(path)) {
    response.writeHead(404, { 'Content-Type': 'text/plain' });
    response.end(`edgetcd proxy: nothing at ${path}, only gRPC and ${PAGES.join(', ')}\n`);
  } else if (request.method !== 'GET') {
    response.writeHead(405, { Allow: 'GET', 'Content-Type': 'text/plain' });
    response.end('Method Not Allowed\n');
  } else if (path.endsWith('metrics')) {
    response.writeHead(200, { 'Content-Type': METRICS_TYPE });
    response.end(metrics());
  } else {
    const reason = await failure(upstream);
    response.writeHead(reason === '' ? 200 : 503, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ health: reason === '' ? 'true' : 'false', reason }));
  }
}

/** Why the cluster does not serve a linearizable read, or nothing. */
async function failure(upstream: Channel): Promise<string> {
  const options = { timeoutMs: PROXY_HEALTH_TIMEOUT_MS };
  const { status } = await unary(upstream, 'etcdserverpb.KV/Range', options, HEALTH_REQUEST);
  return status.code === 0 ? '' : `RANGE ERROR:${status.message}`;
}
