/** Goal: a member's figures are there under etcd's names, in Prometheus' format, and follow what happens. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PutRequest } from '../../src/api/messages.ts';
import { bytesOf } from '../../src/lib/bytes.ts';
import { metricsOf } from '../../src/member/metrics.ts';
import { type Host, World } from './support/world.ts';

const HOST = { sessions: 3 };

const put = (host: Host) =>
  host.service.call('etcdserverpb.KV/Put', PutRequest.encode({ key: bytesOf('key') }).finish());

/** Samples by name and labels. */
function read(host: Host): Map<string, number> {
  const text = metricsOf(host.member, HOST);
  const samples = new Map<string, number>();
  const types = new Set<string>();
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const type = /^# TYPE (?<name>\S+) (?:gauge|counter)$/.exec(line)?.groups?.['name'];
    if (type !== undefined) {
      assert.ok(!types.has(type), `${type} twice`);
      types.add(type);
      continue;
    }
    if (/^# HELP \S+ \S/.test(line)) continue;
    const sample =
      /^(?<name>[a-z_]+)(?<labels>\{\S+="[^"]*"\})? (?<value>-?[\d.]+(?:e-\d+)?)$/.exec(
        line,
      )?.groups;
    assert.ok(sample !== undefined && types.has(sample['name'] ?? ''), line);
    samples.set(`${sample['name']}${sample['labels'] ?? ''}`, Number(sample['value']));
  }
  return samples;
}

describe('metrics', () => {
  it('tell of leaders, proposals, sizes and traffic', async () => {
    const world = new World('m1,m2,m3');
    const leader = await world.elect();
    for (let count = 0; count < 5; count++) await world.settled(put(leader));
    await world.clock.advance(500);
    const samples = read(leader);
    const expected = {
      etcd_server_has_leader: 1,
      etcd_server_is_leader: 1,
      etcd_server_is_learner: 0,
      etcd_server_leader_changes_seen_total: 1,
      etcd_server_proposals_pending: 0,
      etcd_mvcc_put_total: 5,
      etcd_debugging_mvcc_current_revision: 6,
      edgetcd_sessions: 3,
      edgetcd_wakes_total: 1,
      edgetcd_network_known_peers: 2,
    };
    for (const [name, value] of Object.entries(expected)) {
      assert.equal(samples.get(name), value, name);
    }
    assert.equal(samples.get('etcd_mvcc_db_total_size_in_bytes'), leader.member.storageBytes);
    assert.equal(
      samples.get('etcd_server_proposals_applied_total'),
      leader.member.state.applied.index,
    );
    const sent = [...samples].filter(([name]) => name.startsWith('etcd_network_peer_sent_bytes'));
    assert.equal(sent.length, 2);
    for (const [, bytes] of sent) assert.ok(bytes > 100);

    for (const host of world.hosts.values()) if (host !== leader) world.cut.add(host.name);
    await world.settled(put(leader));
    const after = read(leader);
    assert.equal(after.get('etcd_server_proposals_failed_total'), 1);
    assert.equal(after.get('etcd_server_has_leader'), 0);
    assert.ok(
      [...after].some(([name, n]) => name.startsWith('etcd_network_peer_sent_fail') && n > 0),
    );
  });

  it('count time awake over sleep, and nothing at rest', async () => {
    const world = new World('m1');
    const host = await world.elect();
    await world.settled(put(host));
    await world.clock.advance(5_000);
    const awake = read(host).get('edgetcd_awake_seconds_total') ?? 0;
    assert.ok(awake > 0.5 && awake < 5, String(awake));
    await world.clock.advance(100_000);
    assert.equal(read(host).get('edgetcd_awake_seconds_total'), awake);
    host.member.stop();
    const again = world.start('m1', host.rows);
    await world.settled(put(again));
    await world.clock.advance(5_000);
    assert.equal(read(again).get('edgetcd_wakes_total'), 2);
    assert.ok((read(again).get('edgetcd_awake_seconds_total') ?? 0) > awake);
  });
});
