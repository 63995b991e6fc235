/** A member's figures in Prometheus' text format, under etcd's names where etcd has the same. */
import { CLUSTER_VERSION, SERVER_VERSION } from '../constants.ts';
import { NO_NODE } from '../raft/types.ts';
import type { Member } from './member.ts';
import { costOf, PRICES, storageCostPerMonth } from './usage.ts';

/** What the host of a member knows. */
export interface HostFigures {
  readonly sessions: number;
}

/** Of the object, and of the HTTP surface. */
export const METRICS_PATH = '/metrics';

type Labels = Readonly<Record<string, string>>;

class MetricsText {
  readonly #lines: string[] = [];

  gauge(name: string, help: string, value: number | boolean, labels?: Labels): void {
    this.#family(name, 'gauge', help, [[value, labels]]);
  }

  counter(name: string, help: string, value: number, labels?: Labels): void {
    this.#family(name, 'counter', help, [[value, labels]]);
  }

  counters(name: string, help: string, samples: readonly (readonly [number, Labels])[]): void {
    if (samples.length > 0) this.#family(name, 'counter', help, samples);
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`;
  }

  #family(
    name: string,
    type: string,
    help: string,
    samples: readonly (readonly [number | boolean, Labels | undefined])[],
  ): void {
    this.#lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const [value, labels] of samples) {
      this.#lines.push(`${name}${labelText(labels)} ${Number(value)}`);
    }
  }
}

/** Values are ids, versions and regions: nothing in them has to be escaped. */
function labelText(labels: Labels | undefined): string {
  if (labels === undefined) return '';
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',')}}`;
}

export function metricsOf(member: Member, host: HostFigures): string {
  const text = new MetricsText();
  serverMetrics(text, member);
  storeMetrics(text, member);
  peerMetrics(text, member);
  watchMetrics(text, member, host);
  edgeMetrics(text, member);
  return text.toString();
}

function serverMetrics(text: MetricsText, member: Member): void {
  const { status, meters, self, state } = member;
  const learner = state.membership.get(self.id)?.isLearner === true;
  const proposals = member.proposalFigures;
  text.gauge('etcd_server_has_leader', 'Whether a leader is known.', status.leader !== NO_NODE);
  text.gauge('etcd_server_is_leader', 'Whether this member leads.', status.leader === self.id);
  text.gauge('etcd_server_is_learner', 'Whether this member is a learner.', learner);
  text.counter(
    'etcd_server_leader_changes_seen_total',
    'Leaders seen one after the other.',
    meters.leaderChanges,
  );
  text.gauge('etcd_server_proposals_committed_total', 'Entries committed.', status.commit);
  text.gauge('etcd_server_proposals_applied_total', 'Entries applied.', state.applied.index);
  text.gauge('etcd_server_proposals_pending', 'Proposals without an outcome.', proposals.pending);
  text.counter('etcd_server_proposals_failed_total', 'Proposals that failed.', proposals.failed);
  const id = { server_id: BigInt(`0x${self.id}`).toString(16) };
  text.gauge('etcd_server_id', 'The id of this member, as label.', 1, id);
  const server = { server_version: SERVER_VERSION };
  text.gauge('etcd_server_version', 'The release, as label.', 1, server);
  const cluster = { cluster_version: CLUSTER_VERSION.split('.').slice(0, 2).join('.') };
  text.gauge('etcd_cluster_version', 'The version of the cluster, as label.', 1, cluster);
}

function storeMetrics(text: MetricsText, member: Member): void {
  const { state, meters, upkeep, storageBytes } = member;
  const { mvcc, leases } = state;
  const inUse = Math.min(mvcc.liveBytes, storageBytes);
  text.gauge('etcd_server_quota_backend_bytes', 'The quota.', upkeep.quotaBytes);
  text.gauge('etcd_mvcc_db_total_size_in_bytes', 'Storage of this member.', storageBytes);
  text.gauge('etcd_mvcc_db_total_size_in_use_in_bytes', 'What of it is the newest state.', inUse);
  text.counter('etcd_mvcc_put_total', 'Puts applied.', meters.puts);
  text.counter('etcd_mvcc_delete_total', 'Deletions applied.', meters.deletes);
  text.gauge('etcd_debugging_mvcc_current_revision', 'The newest revision.', mvcc.revision);
  text.gauge(
    'etcd_debugging_mvcc_compact_revision',
    'The last compacted revision.',
    mvcc.compactRevision,
  );
  text.gauge('edgetcd_leases', 'Leases there are.', leases.size);
}

function peerMetrics(text: MetricsText, { meters, self, state }: Member): void {
  const others = state.membership.members.filter(({ id }) => id !== self.id);
  const peers = [...meters.peers].map(([id, traffic]) => ({
    id: BigInt(`0x${id}`).toString(16),
    traffic,
  }));
  text.gauge('edgetcd_network_known_peers', 'Members besides this one.', others.length);
  text.counters(
    'etcd_network_peer_sent_bytes_total',
    'Bytes of messages to a member.',
    peers.map(({ id, traffic }) => [traffic.sentBytes, { To: id }]),
  );
  text.counters(
    'etcd_network_peer_received_bytes_total',
    'Bytes of messages from a member.',
    peers.map(({ id, traffic }) => [traffic.receivedBytes, { From: id }]),
  );
  text.counters(
    'etcd_network_peer_sent_failures_total',
    'Times that a member could not be sent to.',
    peers.map(({ id, traffic }) => [traffic.sentFailures, { To: id }]),
  );
}

function watchMetrics(text: MetricsText, { watch }: Member, host: HostFigures): void {
  const { streams, watchers, slowWatchers, pendingEvents } = watch.gauges;
  text.gauge('etcd_debugging_mvcc_watch_stream_total', 'Watch streams.', streams);
  text.gauge('etcd_debugging_mvcc_watcher_total', 'Watchers.', watchers);
  text.gauge('etcd_debugging_mvcc_slow_watcher_total', 'Watchers that are behind.', slowWatchers);
  text.gauge('etcd_debugging_mvcc_pending_events_total', 'Events not read yet.', pendingEvents);
  text.gauge('edgetcd_sessions', 'Sessions of clients.', host.sessions);
}

/** What only exists here: an object that sleeps, and is billed for being awake, for requests and for rows. */
function edgeMetrics(text: MetricsText, { meters, self, status, storageBytes }: Member): void {
  const member = { member: self.name };
  const { usage } = meters;
  const awakeSeconds = meters.awakeMs / 1000;
  text.gauge('edgetcd_member_info', 'This member, as label.', 1, member);
  text.gauge('edgetcd_resting', 'Whether the cluster rests, as far as it knows.', status.resting);
  text.counter('edgetcd_wakes_total', 'Times that the object was built.', meters.wakes);
  text.counter(
    'edgetcd_awake_seconds_total',
    'Time in which timers kept the object from hibernating, in all.',
    awakeSeconds,
  );
  text.counter(
    'edgetcd_requests_total',
    'Calls, requests, upgrades and alarms of the object, in all.',
    usage.requests,
  );
  text.counter(
    'edgetcd_socket_messages_total',
    'WebSocket messages that came in, in all.',
    usage.messages,
  );
  text.counter('edgetcd_rows_read_total', 'Rows read, in all.', usage.rowsRead);
  text.counter('edgetcd_rows_written_total', 'Rows written, in all.', usage.rowsWritten);
  const cost = costOf(usage, awakeSeconds);
  text.counters(
    'edgetcd_cost_dollars_total',
    `By Cloudflare's prices of ${PRICES.asOf}, before what a month includes.`,
    [
      [cost.requests, { for: 'requests' }],
      [cost.duration, { for: 'duration' }],
      [cost.rowsRead, { for: 'rows_read' }],
      [cost.rowsWritten, { for: 'rows_written' }],
    ],
  );
  text.gauge(
    'edgetcd_storage_cost_dollars_per_month',
    'What is stored now, by the same prices.',
    storageCostPerMonth(storageBytes),
  );
}
