/** Finds out whether a client that has been silent is still there. */
import type { ServerHttp2Session } from 'node:http2';

export interface KeepAliveOptions {
  /** A connection is asked for a sign of life this often; etcd's --grpc-keepalive-interval. */
  readonly intervalMs: number;
  /** And closed when it gives none for so long; etcd's --grpc-keepalive-timeout. */
  readonly timeoutMs: number;
}

/** Begins to ask, and goes on until the session closes. */
export function keepAlive(session: ServerHttp2Session, options: KeepAliveOptions): void {
  let timeout: NodeJS.Timeout | undefined;
  const interval = setInterval(() => {
    if (session.destroyed || timeout !== undefined) return;
    timeout = setTimeout(() => session.destroy(), options.timeoutMs).unref();
    session.ping(() => {
      clearTimeout(timeout);
      timeout = undefined;
    });
  }, options.intervalMs).unref();
  session.on('close', () => {
    clearInterval(interval);
    clearTimeout(timeout);
  });
}
