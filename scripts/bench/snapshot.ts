/**
 * `npm run bench -- snapshot`: Maintenance/Snapshot of a large store, over a session, while writes go on:
 * what is left of them, the memory that the member takes for it, and how fast it streams when nothing
 * else happens.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SnapshotResponse } from '../../src/api/messages.ts';
import { nodeSocket } from '../../src/client/node-socket.ts';
import { Session } from '../../src/client/session.ts';
import { Prng } from '../../src/lib/prng.ts';
import { type LocalCluster, startCluster } from '../lib/cluster.ts';
import { httpLoad, httpRequest } from '../lib/http-load.ts';
import { readOptions, wholeNumber } from '../lib/usage.ts';
import { printBars } from './lib.ts';

export const summary = 'a snapshot under writes: their rate, the memory, the speed';

const TXN_PUTS = 100;
const LOADERS = 4;
const WRITERS = 64;
const WRITE_BYTES = 256;
const SAMPLE_MS = 100;
/** Whatever the size of the store. V8 alone lets 64 MB of buffers gather before it frees those done with. */
const MEMORY_MB_MAX = 96;

export async function run(args: string[]): Promise<number> {
  const { values } = readOptions({
    args,
    options: {
      megabytes: { type: 'string', default: '1000' },
      'value-bytes': { type: 'string', default: '1024' },
      members: { type: 'string', default: '1' },
      seconds: { type: 'string', default: '10' },
    },
  });
  const megabytes = wholeNumber('megabytes', values.megabytes, { min: 1, max: 8_000 });
  const valueBytes = wholeNumber('value-bytes', values['value-bytes'], { min: 1, max: 10_000 });
  const members = wholeNumber('members', values.members, { min: 1, max: 7 });
  const durationMs = 1_000 * wholeNumber('seconds', values.seconds, { min: 1, max: 600 });
  const cluster = await startCluster({ members, mode: 'process-per-member' });
  try {
    await cluster.ready();
    await fill(cluster, Math.ceil((megabytes * 1e6) / valueBytes), valueBytes);
    await measure(cluster, megabytes, durationMs);
  } finally {
    await cluster.stop();
  }
  return 0;
}

async function measure(
  cluster: LocalCluster,
  megabytes: number,
  durationMs: number,
): Promise<void> {
  const endpoint = await leaderOf(cluster);
  const writes = async (): Promise<number> => {
    const load = { endpoints: [endpoint], connections: WRITERS, durationMs, next: nextPut() };
    return (await httpLoad(load)).perSecond;
  };
  await writes();
  const before = await writes();
  const memory = new MemoryWatch(cluster);
  const startMs = performance.now();
  const snapshot = new Pull(endpoint);
  await snapshot.first;
  const during = await writes();
  const [firstMs, writtenMs] = [snapshot.firstMs - startMs, performance.now()];
  const alone = { fromMs: writtenMs, fromBytes: snapshot.bytes };
  await snapshot.done;
  const seconds = (performance.now() - alone.fromMs) / 1_000;
  const speed = (snapshot.bytes - alone.fromBytes) / 1e6 / seconds;
  const grown = memory.stop();
  await sleep(1_000);
  const after = await writes();
  console.log(
    `${Math.round(snapshot.bytes / 1e6)} MB streamed, ${Math.round(alone.fromBytes / 1e6)} of them under writes; ` +
      `the first came after ${Math.round(firstMs)} ms; writes before ${Math.round(before)}/s, after ${Math.round(after)}/s`,
  );
  printBars('snapshot', [
    {
      what: `puts during a snapshot of ${megabytes} MB`,
      figure: during,
      unit: '/s',
      rival: { name: 'before and after', figure: (before + after) / 2 },
      goal: { atLeast: 0.7 },
    },
    {
      what: 'memory of the process, more than before',
      figure: grown,
      unit: 'MB',
      goal: { atMost: MEMORY_MB_MAX },
    },
    { what: 'speed without writes', figure: speed, unit: 'MB/s', goal: { atLeast: 30 } },
  ]);
}

/** One snapshot, pulled and forgotten. */
class Pull {
  bytes = 0;
  /** When the first message came. */
  firstMs = 0;
  readonly first: Promise<void>;
  readonly done: Promise<void>;

  constructor(endpoint: string) {
    const session = new Session(endpoint, { socket: nodeSocket });
    const first = Promise.withResolvers<undefined>();
    this.first = first.promise;
    this.done = new Promise((resolve, reject) => {
      const call = session.open(
        'etcdserverpb.Maintenance/Snapshot',
        {},
        {
          onMessage: (body) => {
            if (this.bytes === 0) this.firstMs = performance.now();
            this.bytes += SnapshotResponse.decode(body).blob.length;
            first.resolve(undefined);
          },
          onEnd: ({ code, message }) => {
            session.close();
            if (code === 0) resolve();
            else reject(new Error(`take a snapshot: status ${code} ${message}`));
          },
        },
      );
      call.send(new Uint8Array(0));
      call.halfClose();
    });
    this.done.catch((error: unknown) => first.reject(error));
  }
}

/** How far the processes' memory grows. */
class MemoryWatch {
  readonly #cluster: LocalCluster;
  readonly #before: readonly number[];
  readonly #timer: NodeJS.Timeout;
  #grown = 0;

  constructor(cluster: LocalCluster) {
    this.#cluster = cluster;
    this.#before = this.#sizes();
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  stop(): number {
    clearInterval(this.#timer);
    return this.#grown;
  }

  #sample(): void {
    for (const [index, mb] of this.#sizes().entries()) {
      this.#grown = Math.max(this.#grown, mb - (this.#before[index] ?? 0));
    }
  }

  #sizes(): number[] {
    return this.#cluster.processes.map(({ pid }) => {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? '0') / 1024;
    });
  }
}

async function fill(cluster: LocalCluster, keys: number, valueBytes: number): Promise<void> {
  const endpoint = await leaderOf(cluster);
  const prng = new Prng(1);
  let next = 0;
  const loader = async (): Promise<void> => {
    while (next < keys) {
      const from = next;
      next += TXN_PUTS;
      const success = Array.from({ length: TXN_PUTS }, (_, at) => ({
        request_put: {
          key: base64(`key ${String(from + at).padStart(9, '0')}`),
          value: Buffer.from(prng.bytes(valueBytes)).toString('base64'),
        },
      }));
      const init = { method: 'POST', body: JSON.stringify({ success }) };
      const response = await fetch(`${endpoint}/v3/kv/txn`, init);
      const text = await response.text();
      if (!response.ok) throw new Error(`fill: ${response.status} ${text}`);
    }
  };
  await Promise.all(Array.from({ length: LOADERS }, loader));
}

function nextPut(): () => Buffer {
  const value = Buffer.alloc(WRITE_BYTES, 'v').toString('base64');
  let at = 0;
  return () => {
    const key = base64(`put ${at++ % 100_000}`);
    return httpRequest('POST', '/v3/kv/put', JSON.stringify({ key, value }));
  };
}

async function leaderOf(cluster: LocalCluster): Promise<string> {
  for (const endpoint of cluster.endpoints) {
    const response = await fetch(`${endpoint}/v3/maintenance/status`, {
      method: 'POST',
      body: '{}',
    });
    const { header, leader } = (await response.json()) as {
      header: { member_id: string };
      leader?: string;
    };
    if (header.member_id === leader) return endpoint;
  }
  throw new Error('find the leader: no member says that it is');
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
