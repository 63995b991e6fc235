/** What a month costs: measured figures, times what a workload does, at the published prices. */
import { billedRequests, costOf, gigabyteSeconds, PRICES } from '../../../src/member/usage.ts';
import { plus, type Spent, times } from './metered-cluster.ts';

/** Of a cluster of so many members, all of them together. */
export interface Figures {
  readonly members: number;
  /** A put that wakes the cluster, up to its next rest. */
  readonly wakingPut: Spent;
  /** The same while 10,000 watchers are connected, who are told. */
  readonly wakingPutWatched: Spent;
  /** A second awake without work: heartbeats. */
  readonly awakeSecond: Spent;
  /** Beyond the time awake that they take: one at a time over HTTP. */
  readonly put: Spent;
  readonly renewal: Spent;
  readonly serializableRead: Spent;
  /** One of a hundred at once in a session. */
  readonly batchedPut: Spent;
}

interface Part {
  readonly times: number;
  readonly what: string;
  readonly each: (figures: Figures) => Spent;
  /** Billed to the Worker as well: HTTP, not the messages of a session. */
  readonly overHttp?: boolean;
}

export interface Workload {
  readonly name: string;
  readonly what: string;
  readonly parts: readonly Part[];
}

const MONTH_MINUTES = 30 * 24 * 60;
const MONTH_SECONDS = 60 * MONTH_MINUTES;

export const WORKLOADS: readonly Workload[] = [
  {
    name: 'settings',
    what: 'a put a minute, 10,000 watchers who are told, asleep in between',
    parts: [
      {
        times: MONTH_MINUTES,
        what: 'waking puts',
        each: ({ wakingPutWatched }) => wakingPutWatched,
        overHttp: true,
      },
    ],
  },
  {
    name: 'services',
    what: '100 services that renew a lease every 20 s, and 10 puts a minute: never asleep',
    parts: [
      { times: MONTH_SECONDS, what: 'seconds awake', each: ({ awakeSecond }) => awakeSecond },
      {
        times: 5 * MONTH_SECONDS,
        what: 'renewals',
        each: ({ renewal }) => renewal,
        overHttp: true,
      },
      { times: 10 * MONTH_MINUTES, what: 'puts', each: ({ put }) => put, overHttp: true },
    ],
  },
  {
    name: 'ingest',
    what: '100 puts a second, as one batch in a session, and 100 serializable reads a second over HTTP',
    parts: [
      { times: MONTH_SECONDS, what: 'seconds awake', each: ({ awakeSecond }) => awakeSecond },
      { times: 100 * MONTH_SECONDS, what: 'puts', each: ({ batchedPut }) => batchedPut },
      {
        times: 100 * MONTH_SECONDS,
        what: 'reads',
        each: ({ serializableRead }) => serializableRead,
        overHttp: true,
      },
    ],
  },
];

/** Dollars a month. */
export interface Month {
  /** Before what a month includes. */
  readonly gross: number;
  /** Beyond it, were nothing else in the account; the plan's own price comes on top. */
  readonly beyondPlan: number;
  readonly arithmetic: readonly string[];
}

export function monthOf({ parts }: Workload, figures: Figures): Month {
  const arithmetic: string[] = [];
  let total: Spent = { requests: 0, messages: 0, rowsRead: 0, rowsWritten: 0, awakeSeconds: 0 };
  let workerRequests = 0;
  for (const part of parts) {
    const each = part.each(figures);
    const all = times(part.times, each);
    total = plus(total, all);
    if (part.overHttp === true) workerRequests += part.times;
    arithmetic.push(
      `${count(part.times)} ${part.what} × (${few(billedRequests(each))} requests, ` +
        `${few(each.awakeSeconds)} s awake, ${few(each.rowsRead)} rows read, ${few(each.rowsWritten)} written)`,
    );
  }
  const cost = costOf(total, total.awakeSeconds);
  const requests = billedRequests(total);
  const seconds = gigabyteSeconds(total.awakeSeconds);
  const worker = (workerRequests / 1e6) * PRICES.workerRequestsPerMillion;
  arithmetic.push(
    `= ${count(requests)} requests × $${PRICES.requestsPerMillion}/M = ${dollars(cost.requests)}; ` +
      `${count(total.awakeSeconds)} s × ${PRICES.objectGigabytes} GB = ${count(seconds)} GB-s × ` +
      `$${PRICES.gigabyteSecondsPerMillion}/M = ${dollars(cost.duration)}; ` +
      `${count(total.rowsRead)} rows read × $${PRICES.rowsReadPerMillion}/M = ${dollars(cost.rowsRead)}; ` +
      `${count(total.rowsWritten)} written × $${PRICES.rowsWrittenPerMillion}/M = ${dollars(cost.rowsWritten)}; ` +
      `${count(workerRequests)} of the Worker × $${PRICES.workerRequestsPerMillion}/M = ${dollars(worker)}`,
  );
  const gross = cost.requests + cost.duration + cost.rowsRead + cost.rowsWritten + worker;
  const beyondPlan =
    beyond(requests, PRICES.requestsIncluded, PRICES.requestsPerMillion) +
    beyond(seconds, PRICES.gigabyteSecondsIncluded, PRICES.gigabyteSecondsPerMillion) +
    beyond(total.rowsRead, PRICES.rowsReadIncluded, PRICES.rowsReadPerMillion) +
    beyond(total.rowsWritten, PRICES.rowsWrittenIncluded, PRICES.rowsWrittenPerMillion) +
    beyond(workerRequests, PRICES.workerRequestsIncluded, PRICES.workerRequestsPerMillion);
  return { gross, beyondPlan, arithmetic };
}

function beyond(amount: number, included: number, perMillion: number): number {
  return (Math.max(0, amount - included) / 1e6) * perMillion;
}

export function dollars(amount: number): string {
  return `$${amount.toFixed(2)}`;
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function few(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}
