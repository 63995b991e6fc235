/**
 * The Worker's side of a watch stream, under Node. Its files are typed for Workers, so they are imported
 * without their types, which are given here as far as the simulator uses them.
 */
import type { WatchRequest } from '../../../src/api/messages.ts';

export interface StreamClock {
  nowMs(): number;
  after(delayMs: number, run: () => void): () => void;
}

/** A Workers WebSocket, as far as a session uses it. */
export interface WorkerSocket {
  binaryType: string;
  accept(): void;
  addEventListener(name: string, listener: (event: object) => void): void;
  send(data: string | Uint8Array): void;
  close(): void;
}

export interface MemberDialler {
  connect(path: string): Promise<{ readonly socket: WorkerSocket; readonly member: string }>;
}

export interface WatchSession {
  request(request: WatchRequest): void;
  read(): Promise<Uint8Array | undefined>;
  close(): void;
}

async function load<T>(file: string): Promise<T> {
  return (await import(new URL(`../../../src/http/watch/${file}`, import.meta.url).href)) as T;
}

const { WatchSession } = await load<{
  readonly WatchSession: {
    open(
      request: { readonly headers: Headers },
      router: MemberDialler,
      format: unknown,
      clock: StreamClock,
    ): Promise<WatchSession>;
  };
}>('session.ts');
const { LINES } = await load<{ readonly LINES: unknown }>('formats.ts');

/** A stream in etcd's gateway form. Rejects when no member takes it. */
export function openSession(
  headers: Headers,
  router: MemberDialler,
  clock: StreamClock,
): Promise<WatchSession> {
  return WatchSession.open({ headers }, router, LINES, clock);
}
