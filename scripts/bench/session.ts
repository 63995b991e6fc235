/**
 * Calls over one session to the leader of three members, process per member, beside the same calls to
 * etcd over gRPC. Bodies are made beforehand alike for both.
 */
import { randomBytes } from 'node:crypto';
import {
  PutRequest,
  RangeRequest,
  RangeResponse,
  RangeStreamResponse,
  StatusRequest,
  StatusResponse,
  TxnRequest,
} from '../../src/api/messages.ts';
import { Session } from '../../src/client/session.ts';
import { startCluster } from '../lib/cluster.ts';
import { startEtcd } from '../lib/etcd.ts';
import { GrpcClient } from '../lib/grpc-client.ts';
import { nodeSocket } from '../../src/client/node-socket.ts';
import { readOptions, wholeNumber } from '../lib/usage.ts';
import { type Bar, inTurn, percentile, printBars } from './lib.ts';

export const summary = 'calls over a session beside etcd over gRPC';

const VALUE_BYTES = 256;
const ROUND_MS = 3_000;
const WARM_UP_MS = 1_500;
/** etcd's connections for many calls in flight: its own benchmark's advice is several. */
const ETCD_CONNECTIONS = 8;
const LARGE_KEYS = 500_000;
const LARGE_VALUE_BYTES = 100;
const PAGE_KEYS = 10_000;
const FILL_OPS = 100;

/** One way to call: ends with the answer, or throws. */
interface Caller {
  call(method: string, body: Uint8Array, done: (answer: Uint8Array) => void): void;
}

interface Load {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
}

export async function run(args: string[]): Promise<number> {
  const { values } = readOptions({
    args,
    options: {
      rounds: { type: 'string', default: '5' },
      only: { type: 'string' },
    },
  });
  const rounds = wholeNumber('rounds', values.rounds, { min: 1, max: 1000 });
  const etcd = await startEtcd({ members: 3 });
  const cluster = await startCluster({ members: 3, mode: 'process-per-member' });
  try {
    await cluster.ready();
    const session = new Session(await leaderOf(cluster.endpoints), { socket: nodeSocket });
    await session.ready;
    const grpc = await Promise.all(
      Array.from({ length: ETCD_CONNECTIONS }, () => GrpcClient.open(etcd.leader)),
    );
    const ours = overSession(session);
    const theirs = overGrpc(grpc);
    const bars: Bar[] = [];
    for (const bench of BENCHES) {
      if (values.only !== undefined && !bench.name.includes(values.only)) continue;
      bars.push(await bench.run(ours, theirs, rounds));
    }
    if (values.only === undefined || 'range-stream'.includes(values.only)) {
      bars.push(await rangeStream(session, theirs, rounds));
    }
    printBars('session', bars);
    session.close();
    for (const client of grpc) client.close();
  } finally {
    await cluster.stop();
    await etcd.stop();
  }
  return 0;
}

interface Bench {
  readonly name: string;
  run(ours: Caller, theirs: Caller, rounds: number): Promise<Bar>;
}

const BENCHES: readonly Bench[] = [
  latency('put', putBody, 1),
  throughput('put', putBody, 256, 3),
  throughput('put', putBody, 1_000, 3),
  throughput('linearizable get', () => rangeBody(false), 256, 4),
  throughput('serializable get', () => rangeBody(true), 256, 5),
];

function latency(what: string, body: () => Uint8Array, atMost: number): Bench {
  return {
    name: `${what} 1`,
    run: async (ours, theirs, rounds) => {
      const method = methodOf(what);
      const p50 = async (caller: Caller): Promise<number> =>
        (await load(caller, method, body, 1, ROUND_MS)).p50;
      await load(ours, method, body, 1, WARM_UP_MS);
      await load(theirs, method, body, 1, WARM_UP_MS);
      const [own = 0, rival = 0] = await inTurn(rounds, [
        { name: 'session', run: () => p50(ours) },
        { name: 'etcd', run: () => p50(theirs) },
      ]);
      return {
        what: `${what}, 1 in flight, p50`,
        figure: own,
        unit: 'ms',
        rival: { name: 'etcd', figure: rival },
        goal: { atMost },
      };
    },
  };
}

function throughput(
  what: string,
  body: () => Uint8Array,
  inFlight: number,
  atLeast: number,
): Bench {
  return {
    name: `${what} ${inFlight}`,
    run: async (ours, theirs, rounds) => {
      const method = methodOf(what);
      const perSecond = async (caller: Caller): Promise<number> =>
        (await load(caller, method, body, inFlight, ROUND_MS)).perSecond;
      await load(ours, method, body, inFlight, WARM_UP_MS);
      await load(theirs, method, body, inFlight, WARM_UP_MS);
      const [own = 0, rival = 0] = await inTurn(rounds, [
        { name: 'session', run: () => perSecond(ours) },
        { name: 'etcd', run: () => perSecond(theirs) },
      ]);
      return {
        what: `${what}, ${inFlight.toLocaleString('en-US')} in flight`,
        figure: own,
        unit: '/s',
        rival: { name: 'etcd', figure: rival },
        goal: { atLeast },
      };
    },
  };
}

function methodOf(what: string): string {
  return what === 'put' ? 'etcdserverpb.KV/Put' : 'etcdserverpb.KV/Range';
}

/** Keeps `inFlight` calls under way for a while. */
function load(
  caller: Caller,
  method: string,
  body: () => Uint8Array,
  inFlight: number,
  durationMs: number,
): Promise<Load> {
  return new Promise((resolve) => {
    const startedMs = performance.now();
    const latencies: number[] = [];
    let open = 0;
    const issue = (): void => {
      const sentMs = performance.now();
      open++;
      caller.call(method, body(), () => {
        const nowMs = performance.now();
        latencies.push(nowMs - sentMs);
        open--;
        if (nowMs - startedMs < durationMs) issue();
        else if (open === 0) finish();
      });
    };
    const finish = (): void => {
      const seconds = (performance.now() - startedMs) / 1000;
      const ascending = Float64Array.from(latencies).sort();
      resolve({ perSecond: latencies.length / seconds, p50: percentile(ascending, 50) });
    };
    for (let count = 0; count < inFlight; count++) issue();
  });
}

/** The whole of a prefix: one RangeStream here, pages of 10,000 keys there. */
async function rangeStream(session: Session, theirs: Caller, rounds: number): Promise<Bar> {
  const ours = overSession(session);
  await Promise.all([fill(ours), fill(theirs)]);
  const [own = 0, rival = 0] = await inTurn(rounds, [
    { name: 'RangeStream', run: () => timed(() => streamed(session)) },
    { name: 'etcd, paged', run: () => timed(() => paged(theirs)) },
  ]);
  return {
    what: `${LARGE_KEYS.toLocaleString('en-US')} keys with ${LARGE_VALUE_BYTES} bytes each, all read`,
    figure: LARGE_KEYS / own,
    unit: 'keys/s',
    rival: { name: 'etcd, paged', figure: LARGE_KEYS / rival },
    goal: { atLeast: 1 },
  };
}

async function timed(read: () => Promise<number>): Promise<number> {
  const startedMs = performance.now();
  const count = await read();
  if (count !== LARGE_KEYS) throw new Error(`read ${LARGE_KEYS} keys: ${count} came`);
  return (performance.now() - startedMs) / 1000;
}

function streamed(session: Session): Promise<number> {
  return new Promise((resolve, reject) => {
    let count = 0;
    const call = session.open(
      'etcdserverpb.KV/RangeStream',
      {},
      {
        onMessage: (body) => {
          count += RangeStreamResponse.decode(body).range_response?.kvs.length ?? 0;
        },
        onEnd: ({ code, message }) => {
          if (code === 0) resolve(count);
          else reject(new Error(`RangeStream: code ${code}, ${message}`));
        },
      },
    );
    call.send(RangeRequest.encode({ key: LARGE_PREFIX, range_end: LARGE_END }).finish());
    call.halfClose();
  });
}

async function paged(caller: Caller): Promise<number> {
  let count = 0;
  let key = LARGE_PREFIX;
  for (;;) {
    const request = { key, range_end: LARGE_END, limit: PAGE_KEYS };
    const answer = await called(
      caller,
      'etcdserverpb.KV/Range',
      RangeRequest.encode(request).finish(),
    );
    const { kvs, more } = RangeResponse.decode(answer);
    count += kvs.length;
    const last = kvs.at(-1);
    if (!more || last === undefined) return count;
    key = Buffer.concat([last.key, Buffer.of(0)]);
  }
}

const LARGE_PREFIX: Uint8Array = Buffer.from('large/');
const LARGE_END: Uint8Array = Buffer.from('large0');

/** A hundred keys a transaction, so that it does not take longer than what is measured. */
async function fill(caller: Caller): Promise<void> {
  const value = randomBytes(LARGE_VALUE_BYTES);
  const width = String(LARGE_KEYS).length;
  let next = 0;
  const writer = async (): Promise<void> => {
    while (next < LARGE_KEYS) {
      const from = next;
      next += FILL_OPS;
      const success = Array.from({ length: FILL_OPS }, (_, index) => ({
        request_put: {
          key: Buffer.from(`large/${String(from + index).padStart(width, '0')}`),
          value,
        },
      }));
      await called(caller, 'etcdserverpb.KV/Txn', TxnRequest.encode({ success }).finish());
    }
  };
  await Promise.all(Array.from({ length: 32 }, writer));
}

function called(caller: Caller, method: string, body: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve) => caller.call(method, body, resolve));
}

function overSession(session: Session): Caller {
  return {
    call: (method, body, done) => {
      let answer: Uint8Array | undefined;
      const call = session.open(
        method,
        {},
        {
          onMessage: (message) => (answer = message),
          onEnd: ({ code, message }) => {
            if (answer === undefined) throw new Error(`${method}: code ${code}, ${message}`);
            done(answer);
          },
        },
      );
      call.send(body);
      call.halfClose();
    },
  };
}

function overGrpc(clients: readonly GrpcClient[]): Caller {
  let next = 0;
  return {
    call: (method, body, done) => {
      const client = clients[next++ % clients.length];
      // What fails ends the benchmark.
      void client?.unary(method, body).then(done);
    },
  };
}

async function leaderOf(endpoints: readonly string[]): Promise<string> {
  for (const endpoint of endpoints) {
    const session = new Session(endpoint, { socket: nodeSocket });
    const body = StatusRequest.encode({}).finish();
    const answer = await called(overSession(session), 'etcdserverpb.Maintenance/Status', body);
    session.close();
    const { leader, header } = StatusResponse.decode(answer);
    if (header !== null && leader.equals(header.member_id)) return endpoint;
  }
  throw new Error(`find the leader among ${endpoints.join(', ')}: none says so`);
}

const KEYS = 4_096;
let nextKey = 0;

/** A key of 16 bytes, one of KEYS, with a value of 256. */
function putBody(): Uint8Array {
  return BODIES.puts[nextKey++ % KEYS] ?? new Uint8Array(0);
}

function rangeBody(serializable: boolean): Uint8Array {
  const bodies = serializable ? BODIES.serializable : BODIES.linearizable;
  return bodies[nextKey++ % KEYS] ?? new Uint8Array(0);
}

const BODIES = bodies();

function bodies(): Record<'puts' | 'linearizable' | 'serializable', readonly Uint8Array[]> {
  const keys = Array.from({ length: KEYS }, () => randomBytes(16));
  return {
    puts: keys.map((key) => PutRequest.encode({ key, value: randomBytes(VALUE_BYTES) }).finish()),
    linearizable: keys.map((key) => RangeRequest.encode({ key }).finish()),
    serializable: keys.map((key) => RangeRequest.encode({ key, serializable: true }).finish()),
  };
}
