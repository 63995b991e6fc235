/** Loopback TCP ports. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { UsageError } from './usage.ts';

export const LOCAL_HOST = '127.0.0.1';
/** Below the range that systems hand to outgoing connections, so that none of those takes one of ours. */
const RANDOM_PORT_MIN = 20_000;
const RANDOM_PORT_MAX = 32_000;
const ATTEMPTS_MAX = 200;

/** @throws UsageError when something listens there already. */
export async function requireFreePort(port: number): Promise<void> {
  if (await isFree(port)) return;
  throw new UsageError(
    `port ${port} of ${LOCAL_HOST} is in use: stop what listens there, or choose another with --port`,
  );
}

/** Ports that nothing listens on and that are not promised to somebody (`taken`), for runs beside others. */
export async function freePorts(count: number, taken: readonly number[] = []): Promise<number[]> {
  const ports = new Set<number>();
  for (let attempt = 0; ports.size < count; attempt++) {
    if (attempt === ATTEMPTS_MAX) {
      throw new Error(`find ${count} free ports from ${RANDOM_PORT_MIN}: ${attempt} tried in vain`);
    }
    const port = randomInt(RANDOM_PORT_MIN, RANDOM_PORT_MAX);
    if (!taken.includes(port) && (await isFree(port))) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, LOCAL_HOST, () => server.close(() => resolve(true)));
  });
}
