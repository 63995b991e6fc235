/** Goal: under the real runtime members come and go while clients write, and no acknowledged write is lost. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LocalCluster, startCluster } from '../../scripts/lib/cluster.ts';

interface Answer {
  readonly status: number;
  readonly member: string;
  readonly leader: string;
  readonly body: Record<string, unknown>;
}

interface ListedMember {
  readonly ID: string;
  readonly name?: string;
  readonly isLearner?: boolean;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

async function post(
  endpoint: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${endpoint}/v3/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers,
  });
  return {
    status: response.status,
    member: response.headers.get('X-Edgetcd-Member') ?? '',
    leader: response.headers.get('X-Edgetcd-Leader') ?? '',
    body: (await response.json()) as Record<string, unknown>,
  };
}

async function okay(endpoint: string, path: string, body: unknown): Promise<Answer> {
  const answer = await post(endpoint, path, body);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer;
}

async function members(endpoint: string): Promise<readonly ListedMember[]> {
  const { body } = await okay(endpoint, 'cluster/member/list', { linearizable: true });
  return body['members'] as ListedMember[];
}

async function until<T>(what: string, probe: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 200; tries++) {
    const found = await probe();
    if (found !== undefined) return found;
    await sleep(50);
  }
  throw new Error(`${what}: not within 200 tries`);
}

/** Writes one key after the other until it is stopped; what was acknowledged is there at the end. */
class Writer {
  readonly acknowledged: string[] = [];
  #stopping = false;
  readonly #done: Promise<void>;

  constructor(endpoint: string) {
    this.#done = this.#run(endpoint);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#done;
  }

  async #run(endpoint: string): Promise<void> {
    for (let count = 0; !this.#stopping; count++) {
      const key = `writes/${count}`;
      const { status } = await post(endpoint, 'kv/put', { key: base64(key), value: base64('v') });
      if (status === 200) this.acknowledged.push(key);
    }
  }
}

async function checkAll(endpoint: string, acknowledged: readonly string[]): Promise<void> {
  const { body } = await okay(endpoint, 'kv/range', {
    key: base64('writes/'),
    range_end: base64('writes0'),
    keys_only: true,
  });
  const kvs = (body['kvs'] ?? []) as { readonly key: string }[];
  const found = new Set(kvs.map(({ key }) => Buffer.from(key, 'base64').toString()));
  const lost = acknowledged.filter((key) => !found.has(key));
  assert.deepEqual(lost, []);
  assert.ok(acknowledged.length > 0);
}

describe('a cluster of three objects', () => {
  let started: LocalCluster | undefined;
  let endpoint = '';
  before(async () => {
    started = await startCluster({ mode: 'one-process' });
    await started.ready();
    endpoint = started.endpoints[0] ?? '';
  });
  after(() => started?.stop());

  it('takes in a learner, promotes it and goes on without its leader, while clients write', async () => {
    const writer = new Writer(endpoint);
    const unknown = await post(
      endpoint,
      'kv/range',
      { key: base64('k') },
      { 'X-Edgetcd-Member': 'm4' },
    );
    assert.equal(unknown.status, 404);
    const { body } = await okay(endpoint, 'cluster/member/add', {
      peerURLs: ['do://default/m4?region=apac'],
      isLearner: true,
    });
    const { ID } = body['member'] as ListedMember;
    await until('m4 says its name', async () =>
      (await members(endpoint)).find(({ name }) => name === 'm4'),
    );
    const promoted = await until('m4 is promoted', async () => {
      const answer = await post(endpoint, 'cluster/member/promote', { ID });
      return answer.status === 200 ? answer : undefined;
    });
    assert.equal(
      (promoted.body['members'] as ListedMember[]).some((each) => each.isLearner),
      false,
    );

    const { leader } = await okay(endpoint, 'kv/range', { key: base64('k') });
    const leaderId = (await members(endpoint)).find(({ name }) => name === leader)?.ID;
    await okay(endpoint, 'cluster/member/remove', { ID: leaderId });
    const other = await until('another one leads', async () => {
      const answer = await post(endpoint, 'kv/range', { key: base64('k') });
      return answer.status === 200 && answer.leader !== leader ? answer : undefined;
    });
    assert.notEqual(other.member, leader);
    await writer.stop();
    await checkAll(endpoint, writer.acknowledged);
    assert.deepEqual(
      (await members(endpoint)).map(({ name }) => name ?? '').sort(),
      ['m1', 'm2', 'm3', 'm4'].filter((name) => name !== leader),
    );

    // The new member answers itself, the removed one not.
    const header = { 'X-Edgetcd-Member': 'm4' };
    const at4 = await post(endpoint, 'kv/range', { key: base64('writes/0') }, header);
    assert.deepEqual([at4.status, at4.member], [200, 'm4']);
    const gone = await post(
      endpoint,
      'kv/put',
      { key: base64('k') },
      { 'X-Edgetcd-Member': leader },
    );
    assert.notEqual(gone.status, 200);

    const metrics = await fetch(`${endpoint}/metrics`, { headers: header });
    assert.match(metrics.headers.get('Content-Type') ?? '', /^text\/plain; version=0\.0\.4/);
    const text = await metrics.text();
    assert.match(text, /^edgetcd_member_info\{member="m4"\} 1$/m);
    assert.match(text, /^etcd_server_has_leader 1$/m);
    assert.match(text, /^edgetcd_rows_written_total [1-9]/m);

    // Its object may become a member again, as another one.
    const again = await okay(endpoint, 'cluster/member/add', {
      peerURLs: [`do://default/${leader}`],
    });
    assert.notEqual((again.body['member'] as ListedMember).ID, leaderId);
    await until('it says its name', async () =>
      (await members(endpoint)).find(({ name }) => name === leader),
    );
    const back = await until('it serves', async () => {
      const answer = await post(
        endpoint,
        'kv/range',
        { key: base64('writes/0') },
        { 'X-Edgetcd-Member': leader },
      );
      return answer.status === 200 ? answer : undefined;
    });
    assert.equal(back.member, leader);
  });
});

describe('a cluster with a process per member', () => {
  let started: LocalCluster | undefined;
  before(async () => {
    started = await startCluster({ mode: 'process-per-member', members: 1, joining: 1 });
    await started.ready();
  });
  after(() => started?.stop());

  it('takes in another process, which keeps its place over kill -9', async () => {
    assert.ok(started !== undefined);
    const [first, second] = started.processes;
    assert.ok(first !== undefined && second !== undefined);
    await okay(first.endpoint, 'kv/put', { key: base64('writes/0'), value: base64('v') });
    const early = await post(second.endpoint, 'kv/range', { key: base64('writes/0') });
    assert.equal(early.body['code'], 14);
    assert.match(String(early.body['message']), /m2: it belongs to no cluster yet/);
    await okay(first.endpoint, 'cluster/member/add', { peerURLs: [second.endpoint] });
    const serves = () =>
      until('m2 serves', async () => {
        const answer = await post(second.endpoint, 'kv/range', { key: base64('writes/0') });
        return answer.status === 200 ? answer : undefined;
      });
    assert.equal((await serves()).member, 'm2');
    await second.restart();
    await serves();
    // A member says its name once it serves, which the restart may have put off.
    const names = await until('m2 says its name', async () => {
      const known = (await members(second.endpoint)).map(({ name }) => name);
      return known.every((name) => name !== undefined && name !== '') ? known : undefined;
    });
    assert.deepEqual(names.sort(), ['m1', 'm2']);
    // Two of two are needed now.
    await second.kill();
    const alone = await post(first.endpoint, 'kv/put', { key: base64('k'), value: base64('v') });
    assert.equal(alone.body['code'], 14);
    await second.restart();
    await until('writes go on', async () => {
      const answer = await post(first.endpoint, 'kv/put', { key: base64('k'), value: base64('v') });
      return answer.status === 200 ? answer : undefined;
    });
  });
});
