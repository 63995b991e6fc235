/** What the proxy counts, in Prometheus' text format and under the names that etcd's dashboards ask for. */
import { codeName, codeOf } from '../api/errors.ts';
import type { MethodSchema } from '../api/schema.ts';
import type { CallObserver } from './grpc-call.ts';

/** Upper bounds in seconds; those of go-grpc-prometheus. */
const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/** Content-Type of `text`. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

interface MethodCounts {
  readonly labels: string;
  started: number;
  received: number;
  sent: number;
  receivedBytes: number;
  sentBytes: number;
  /** Ended calls by gRPC code. */
  readonly handled: Map<number, number>;
  /** Ended calls by duration; the last is for all that took longer. */
  readonly buckets: number[];
  seconds: number;
}

/** A figure that somebody else knows. */
export interface Gauge {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly read: () => number;
}

export class Metrics implements CallObserver {
  readonly #methods = new Map<MethodSchema, MethodCounts>();
  readonly #gauges: readonly Gauge[];

  constructor(gauges: readonly Gauge[] = []) {
    this.#gauges = gauges;
  }

  started(method: MethodSchema): void {
    this.#of(method).started++;
  }

  received(method: MethodSchema, bytes: number): void {
    const counts = this.#of(method);
    counts.received++;
    counts.receivedBytes += bytes;
  }

  sent(method: MethodSchema, bytes: number): void {
    const counts = this.#of(method);
    counts.sent++;
    counts.sentBytes += bytes;
  }

  ended(method: MethodSchema, code: number, startMs: number): void {
    const counts = this.#of(method);
    const seconds = (performance.now() - startMs) / 1000;
    counts.handled.set(code, (counts.handled.get(code) ?? 0) + 1);
    const at = BUCKETS_SECONDS.findIndex((bound) => seconds <= bound);
    const bucket = at < 0 ? BUCKETS_SECONDS.length : at;
    counts.buckets[bucket] = (counts.buckets[bucket] ?? 0) + 1;
    counts.seconds += seconds;
  }

  /** The page that a scraper reads. */
  text(): string {
    const all = [...this.#methods.values()];
    const sum = (field: 'receivedBytes' | 'sentBytes'): number =>
      all.reduce((total, counts) => total + counts[field], 0);
    const { user, system } = process.cpuUsage();
    return [
      family(
        'grpc_server_started_total',
        'counter',
        'Calls that began.',
        perMethod(all, 'started'),
      ),
      family('grpc_server_handled_total', 'counter', 'Calls that ended, by code.', handled(all)),
      family(
        'grpc_server_msg_received_total',
        'counter',
        'Messages of clients.',
        perMethod(all, 'received'),
      ),
      family(
        'grpc_server_msg_sent_total',
        'counter',
        'Messages to clients.',
        perMethod(all, 'sent'),
      ),
      family(
        'grpc_server_handling_seconds',
        'histogram',
        'Time from the begin of a call to its end.',
        all.flatMap(histogram),
      ),
      single(
        'etcd_network_client_grpc_received_bytes_total',
        'counter',
        'Bytes of messages of clients.',
        sum('receivedBytes'),
      ),
      single(
        'etcd_network_client_grpc_sent_bytes_total',
        'counter',
        'Bytes of messages to clients.',
        sum('sentBytes'),
      ),
      ...this.#gauges.map(({ name, type, help, read }) => single(name, type, help, read())),
      single(
        'process_cpu_seconds_total',
        'counter',
        'Processor time of this process.',
        (user + system) / 1e6,
      ),
      single(
        'process_resident_memory_bytes',
        'gauge',
        'Memory of this process.',
        process.memoryUsage.rss(),
      ),
      single(
        'process_start_time_seconds',
        'gauge',
        'When this process began, since 1970.',
        performance.timeOrigin / 1000,
      ),
    ].join('');
  }

  #of(method: MethodSchema): MethodCounts {
    const known = this.#methods.get(method);
    if (known !== undefined) return known;
    const counts: MethodCounts = {
      labels: `grpc_method="${method.name}",grpc_service="${method.service}",grpc_type="${typeOf(method)}"`,
      started: 0,
      received: 0,
      sent: 0,
      receivedBytes: 0,
      sentBytes: 0,
      handled: new Map(),
      buckets: [],
      seconds: 0,
    };
    this.#methods.set(method, counts);
    return counts;
  }
}

function typeOf({ clientStreaming, serverStreaming }: MethodSchema): string {
  if (clientStreaming) return serverStreaming ? 'bidi_stream' : 'client_stream';
  return serverStreaming ? 'server_stream' : 'unary';
}

type Sample = readonly [suffix: string, value: number];

function family(
  name: string,
  type: Gauge['type'] | 'histogram',
  help: string,
  samples: readonly Sample[],
): string {
  const lines = samples.map(([suffix, value]) => `${name}${suffix} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function single(name: string, type: Gauge['type'], help: string, value: number): string {
  return family(name, type, help, [['', value]]);
}

function perMethod(
  all: readonly MethodCounts[],
  field: 'started' | 'received' | 'sent',
): readonly Sample[] {
  return all.map((counts) => [`{${counts.labels}}`, counts[field]]);
}

function handled(all: readonly MethodCounts[]): readonly Sample[] {
  return all.flatMap(({ labels, handled: codes }) =>
    [...codes].map(([code, count]): Sample => {
      return [`{grpc_code="${codeName(codeOf(code))}",${labels}}`, count];
    }),
  );
}

function histogram({ labels, buckets, seconds }: MethodCounts): Sample[] {
  let count = 0;
  const samples = [...BUCKETS_SECONDS, Infinity].map((bound, index): Sample => {
    count += buckets[index] ?? 0;
    const text = bound === Infinity ? '+Inf' : String(bound);
    return [`_bucket{${labels},le="${text}"}`, count];
  });
  return [...samples, [`_sum{${labels}}`, seconds], [`_count{${labels}}`, count]];
}
