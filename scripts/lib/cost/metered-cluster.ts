/** A cluster whose members say what they were billed for, and that can be left alone until it sleeps. */
import { setTimeout as sleep } from 'node:timers/promises';
import { billedRequests, NO_USAGE, sumOf, type Usage } from '../../../src/member/usage.ts';
import { type LocalCluster, startCluster } from '../cluster.ts';
import { HttpConnection, httpRequest } from '../http-load.ts';

/** The platform puts an object away after ten idle seconds; the rest is for a busy machine. */
export const SLEEP_MS = 13_000;
/** A cluster rests a second after its last work; nobody asks meanwhile, since that would count. */
const REST_WAIT_MS = 4_000;
const REST_TRIES_MAX = 5;

/** Of all members together. */
export interface Spent extends Usage {
  readonly awakeSeconds: number;
}

export class MeteredCluster {
  readonly members: number;
  readonly #cluster: LocalCluster;
  readonly #lines: readonly string[];

  private constructor(members: number, cluster: LocalCluster, lines: readonly string[]) {
    this.members = members;
    this.#cluster = cluster;
    this.#lines = lines;
  }

  /** All members in one process: peers are sibling objects, as in a deployment. */
  static async start(members: number): Promise<MeteredCluster> {
    const lines: string[] = [];
    const cluster = await startCluster({ members, onLine: (_, line) => lines.push(line) });
    await cluster.ready();
    return new MeteredCluster(members, cluster, lines);
  }

  get endpoint(): string {
    return this.#cluster.endpoints[0] ?? '';
  }

  /** Instances that were built so far, of all members. */
  get built(): number {
    return this.#lines.filter((line) => line.includes('member awake')).length;
  }

  /** A connection that is used for one request after the other. */
  connect(): Promise<HttpConnection> {
    return HttpConnection.open(this.endpoint);
  }

  /** Lets the cluster come to rest, and returns what was billed until then. @throws Error when it does not */
  async rested(): Promise<Spent> {
    for (let tries = 0; tries < REST_TRIES_MAX; tries++) {
      await sleep(REST_WAIT_MS);
      const samples = await this.#samples();
      if (samples.every((each) => each.get('edgetcd_resting') === 1)) return spentIn(samples);
    }
    throw new Error(`wait for ${this.members} members to rest: they still work`);
  }

  /** What was billed so far. */
  async spent(): Promise<Spent> {
    return spentIn(await this.#samples());
  }

  stop(): Promise<void> {
    return this.#cluster.stop();
  }

  #samples(): Promise<Map<string, number>[]> {
    return Promise.all(
      this.#cluster.members.map(async ({ name }) => {
        const headers = { 'X-Edgetcd-Member': name };
        const response = await fetch(`${this.endpoint}/metrics`, { headers });
        const lines = (await response.text()).split('\n').filter((line) => /^\w+ /.test(line));
        return new Map(lines.map((line) => line.split(' ') as [string, string]).map(sample));
      }),
    );
  }
}

function sample([name, value]: readonly [string, string]): [string, number] {
  return [name, Number(value)];
}

/** Without the question itself, which is lost when its member sleeps. */
function spentIn(members: readonly ReadonlyMap<string, number>[]): Spent {
  let usage = NO_USAGE;
  let awakeSeconds = 0;
  for (const samples of members) {
    const of = (name: string): number => samples.get(`edgetcd_${name}_total`) ?? 0;
    usage = sumOf(usage, {
      requests: of('requests') - 1,
      messages: of('socket_messages'),
      rowsRead: of('rows_read'),
      rowsWritten: of('rows_written'),
    });
    awakeSeconds += of('awake_seconds');
  }
  return { ...usage, awakeSeconds };
}

export function difference(later: Spent, earlier: Spent): Spent {
  return {
    requests: later.requests - earlier.requests,
    messages: later.messages - earlier.messages,
    rowsRead: later.rowsRead - earlier.rowsRead,
    rowsWritten: later.rowsWritten - earlier.rowsWritten,
    awakeSeconds: later.awakeSeconds - earlier.awakeSeconds,
  };
}

export function plus(left: Spent, right: Spent): Spent {
  return { ...sumOf(left, right), awakeSeconds: left.awakeSeconds + right.awakeSeconds };
}

export function times(factor: number, spent: Spent): Spent {
  return {
    requests: factor * spent.requests,
    messages: factor * spent.messages,
    rowsRead: factor * spent.rowsRead,
    rowsWritten: factor * spent.rowsWritten,
    awakeSeconds: factor * spent.awakeSeconds,
  };
}

/** In the order of a table's columns, for each of `count`. */
export function cells(spent: Spent, count = 1): string[] {
  const { rowsRead, rowsWritten, awakeSeconds } = spent;
  return [billedRequests(spent), rowsRead, rowsWritten, awakeSeconds].map((value) =>
    (value / count).toLocaleString('en-US', { maximumSignificantDigits: 3 }),
  );
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

export const PUT = httpRequest(
  'POST',
  '/v3/kv/put',
  JSON.stringify({ key: base64('bench/key'), value: base64('x'.repeat(256)) }),
);

export function rangeRequest(serializable: boolean): Buffer {
  return httpRequest(
    'POST',
    '/v3/kv/range',
    JSON.stringify({ key: base64('bench/key'), serializable }),
  );
}
