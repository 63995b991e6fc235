/** Leases and locks as benchmarks use them, over any caller. */
import {
  EventType,
  LeaseGrantRequest,
  LeaseKeepAliveRequest,
  LeaseRevokeRequest,
  LockRequest,
  LockResponse,
  PutRequest,
  UnlockRequest,
  WatchRequest,
  WatchResponse,
} from '../../src/api/messages.ts';
import { type Caller, each } from './callers.ts';

const LEASE = 'etcdserverpb.Lease';

export function grant(caller: Caller, ID: number, TTL: number): Promise<Uint8Array> {
  return caller.call(`${LEASE}/LeaseGrant`, LeaseGrantRequest.encode({ ID, TTL }).finish());
}

export function revoke(caller: Caller, ID: number): Promise<Uint8Array> {
  return caller.call(`${LEASE}/LeaseRevoke`, LeaseRevokeRequest.encode({ ID }).finish());
}

export function put(caller: Caller, key: string, lease = 0): Promise<Uint8Array> {
  const body = PutRequest.encode({ key: Buffer.from(key), value: VALUE, lease }).finish();
  return caller.call('etcdserverpb.KV/Put', body);
}

const VALUE = Buffer.alloc(100, 'v');

/** Renewals a second over one stream, `inFlight` of them under way. */
export function renewOverStream(
  caller: Caller,
  leases: number,
  inFlight: number,
  durationMs: number,
): Promise<number> {
  const bodies = Array.from({ length: leases }, (_, index) =>
    LeaseKeepAliveRequest.encode({ ID: index + 1 }).finish(),
  );
  return new Promise((resolve) => {
    const startMs = performance.now();
    let sent = 0;
    let answered = 0;
    const send = (): void => stream.send(bodies[sent++ % leases] ?? NOTHING);
    const stream = caller.stream(`${LEASE}/LeaseKeepAlive`, () => {
      answered++;
      const elapsedMs = performance.now() - startMs;
      if (elapsedMs < durationMs) send();
      else if (answered === sent) {
        stream.end();
        resolve((answered * 1000) / elapsedMs);
      }
    });
    for (let count = 0; count < inFlight; count++) send();
  });
}

const NOTHING = new Uint8Array(0);

/** Calls a second of `run`, `inFlight` at a time. */
export async function rateOf(
  inFlight: number,
  durationMs: number,
  run: () => Promise<unknown>,
): Promise<number> {
  const startMs = performance.now();
  let count = 0;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (performance.now() - startMs < durationMs) {
        await run();
        count++;
      }
    }),
  );
  return (count * 1000) / (performance.now() - startMs);
}

/** Milliseconds from each unlock to the answer of the next of `waiters` Lock calls, ascending. */
export async function handOvers(
  caller: Caller,
  name: string,
  waiters: number,
): Promise<Float64Array> {
  const delays = new Float64Array(waiters);
  let passed = 0;
  let unlockedMs = 0;
  const unlock = async (answer: Uint8Array): Promise<void> => {
    const { key } = LockResponse.decode(answer);
    unlockedMs = performance.now();
    await caller.call('v3lockpb.Lock/Unlock', UnlockRequest.encode({ key }).finish());
  };
  const lock = (index: number): Promise<Uint8Array> => {
    const body = LockRequest.encode({ name: Buffer.from(name), lease: index + 1 }).finish();
    return caller.call('v3lockpb.Lock/Lock', body);
  };
  await each(waiters + 1, 64, (index) => grant(caller, index + 1, 600));
  const first = await lock(0);
  const done = Array.from({ length: waiters }, async (_, index) => {
    const answer = await lock(index + 1);
    delays[passed++] = performance.now() - unlockedMs;
    await unlock(answer);
  });
  // All stand in the queue before it moves.
  await new Promise((resume) => setTimeout(resume, 2_000));
  await unlock(first);
  await Promise.all(done);
  await each(waiters + 1, 64, (index) => revoke(caller, index + 1));
  return delays.sort();
}

/** Calls `deleted` with each key under `prefix` that goes. */
export async function watchDeletions(
  caller: Caller,
  prefix: string,
  deleted: (key: string) => void,
): Promise<{ close(): void }> {
  let created: (() => void) | undefined;
  const ready = new Promise<void>((resolve) => (created = resolve));
  const stream = caller.stream('etcdserverpb.Watch/Watch', (body) => {
    const { events, created: isCreated } = WatchResponse.decode(body);
    if (isCreated) created?.();
    for (const { type, kv } of events) {
      if (type === EventType.DELETE && kv !== null) deleted(Buffer.from(kv.key).toString());
    }
  });
  const key = Buffer.from(`${prefix}/`);
  const range_end = Buffer.from(`${prefix}0`);
  stream.send(WatchRequest.encode({ create_request: { key, range_end } }).finish());
  await ready;
  return { close: () => stream.end() };
}
