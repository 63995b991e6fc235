/** Goal: the HTTP surface answers as etcd's client port does, whatever the member behind it says. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Code } from '../../src/api/errors.ts';
import { RangeResponse } from '../../src/api/messages.ts';
import { methods } from '../../src/api/schema.ts';
import { BODY_DRAIN_BYTES_MAX, MESSAGE_BYTES_MAX, SERVER_VERSION } from '../../src/constants.ts';
import { FakeMember, HEALTHY } from './support/fake-member.ts';
import { type AccessPolicy, createApp, readBody, Router } from './support/surface.ts';

const OPEN: AccessPolicy = { token: undefined, allowAnonymous: true };

function setUp(access: AccessPolicy = OPEN) {
  const member = new FakeMember('m1');
  const router = new Router([member.routed], { leader: undefined });
  const app = createApp({ access: () => access, routerOf: () => router });
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await app.fetch(new Request(`http://edgetcd${path}`, init));
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const post = (path: string, body = '{}') => ask(path, { method: 'POST', body });
  return { member, ask, post };
}

describe('access', () => {
  it('is refused to everybody while nothing is configured, and the text says what to do', async () => {
    for (const token of [undefined, '']) {
      const { ask, member } = setUp({ token, allowAnonymous: false });
      for (const headers of [{}, { Authorization: 'Bearer ' }, { Authorization: 'Bearer x' }]) {
        for (const path of ['/v3/kv/range', '/health', '/edgetcd/restore/open', '/nothing']) {
          const { status, text, headers: answered } = await ask(path, { headers });
          assert.equal(status, 401);
          assert.match(text, /wrangler secret put EDGETCD_TOKEN.*EDGETCD_ALLOW_ANONYMOUS/);
          assert.equal(answered.get('WWW-Authenticate'), 'Bearer');
        }
      }
      assert.equal(member.opened, 0);
    }
  });

  it('is given to the token alone, as Bearer', async () => {
    const { ask } = setUp({ token: 'open sesame', allowAnonymous: false });
    const statusOf = async (Authorization?: string): Promise<number> =>
      (await ask('/version', Authorization === undefined ? {} : { headers: { Authorization } }))
        .status;
    for (const good of ['Bearer open sesame', 'bearer open sesame']) {
      assert.equal(await statusOf(good), 200, good);
    }
    for (const bad of [
      undefined,
      'open sesame',
      'Bearer',
      'Bearer open',
      'Bearer open sesame!',
      'Bearer open sesamf',
      'Basic open sesame',
    ]) {
      assert.equal(await statusOf(bad), 401, bad);
    }
  });

  it('by cookie is for WebSockets and event streams only', async () => {
    const { ask } = setUp({ token: 'sesame', allowAnonymous: false });
    const headers = { Cookie: 'a=b; token=sesame' };
    assert.equal((await ask('/version', { headers })).status, 401);
    const stream = { ...headers, Accept: 'text/event-stream' };
    assert.equal((await ask('/version', { headers: stream })).status, 200);
  });
});

describe('/health', () => {
  const body = (health: string, reason: string): string => JSON.stringify({ health, reason });

  it('is true for a member that reads linearizably', async () => {
    const { ask, member } = setUp();
    const { status, text, headers } = await ask('/health');
    assert.deepEqual([status, text], [200, body('true', '')]);
    assert.equal(headers.get('Content-Type'), 'application/json');
    assert.deepEqual(member.healthQueries, [{ linearizable: true }]);
  });

  for (const [what, query, report, reason] of [
    ['an alarm first of all', '', { alarms: ['NOSPACE'], leader: false }, 'ALARM NOSPACE'],
    [
      'an alarm that is not excluded',
      '?exclude=NOSPACE',
      { alarms: ['NOSPACE', 'CORRUPT'] },
      'ALARM CORRUPT',
    ],
    ['no leader', '', { leader: false, linearizableRead: 'timeout' }, 'RAFT NO LEADER'],
    ['a failed read', '', { linearizableRead: 'timeout' }, 'RANGE ERROR:timeout'],
    [
      'a failed serializable read',
      '?serializable=true',
      { serializableRead: 'broken' },
      'RANGE ERROR:broken',
    ],
  ] as const) {
    it(`is false for ${what}`, async () => {
      const { ask, member } = setUp();
      member.report = { ...HEALTHY, ...report };
      const { status, text, headers } = await ask(`/health${query}`);
      assert.deepEqual([status, text], [503, `${body('false', reason)}\n`]);
      assert.equal(headers.get('X-Content-Type-Options'), 'nosniff');
    });
  }

  for (const [what, query, report] of [
    ['excluded alarms', '?exclude=NOSPACE&exclude=CORRUPT', { alarms: ['NOSPACE', 'CORRUPT'] }],
    [
      'no leader when asked serializably',
      '?serializable=true',
      { leader: false, linearizableRead: 'timeout' },
    ],
  ] as const) {
    it(`is true in spite of ${what}`, async () => {
      const { ask, member } = setUp();
      member.report = { ...HEALTHY, ...report };
      assert.equal((await ask(`/health${query}`)).status, 200);
    });
  }

  it('is false for a member that cannot be asked', async () => {
    const { ask, member } = setUp();
    member.failure = new Error('no such object');
    const { status, text } = await ask('/health');
    assert.deepEqual([status, text], [503, `${body('false', 'RANGE ERROR:no such object')}\n`]);
  });
});

describe('/livez and /readyz', () => {
  it('say ok, and with verbose every check', async () => {
    const { ask } = setUp();
    for (const path of ['/livez', '/readyz', '/livez/serializable_read', '/readyz/non_learner']) {
      const { status, text, headers } = await ask(path);
      assert.deepEqual([status, text], [200, 'ok\n'], path);
      assert.equal(headers.get('Content-Type'), 'text/plain; charset=utf-8');
    }
    assert.equal((await ask('/livez?verbose')).text, '[+]serializable_read ok\nok\n');
    assert.equal(
      (await ask('/readyz?verbose')).text,
      '[+]data_corruption ok\n[+]serializable_read ok\n[+]linearizable_read ok\n[+]non_learner ok\nok\n',
    );
  });

  for (const [check, report, live] of [
    ['data_corruption', { alarms: ['CORRUPT'] }, 200],
    ['serializable_read', { serializableRead: 'broken' }, 503],
    ['linearizable_read', { linearizableRead: 'timeout' }, 200],
    ['non_learner', { learner: true }, 200],
  ] as const) {
    it(`fail by ${check}, unless it is excluded`, async () => {
      const { ask, member } = setUp();
      member.report = { ...HEALTHY, ...report };
      const ready = await ask('/readyz');
      assert.equal(ready.status, 503);
      assert.match(ready.text, new RegExp(`\\[-\\]${check} failed: .+\n`));
      assert.ok(ready.text.endsWith('readyz check failed\n'));
      assert.equal((await ask(`/readyz/${check}`)).status, 503);
      assert.equal((await ask('/livez')).status, live);
      const excluded = await ask(`/readyz?verbose&exclude=nothing&exclude=${check}`);
      assert.equal(excluded.status, 200);
      assert.ok(excluded.text.includes(`[+]${check} excluded: ok\n`));
    });
  }

  it('ask for a linearizable read only where it is checked', async () => {
    const { ask, member } = setUp();
    await ask('/livez');
    await ask('/readyz?exclude=linearizable_read');
    await ask('/readyz');
    assert.deepEqual(
      member.healthQueries.map(({ linearizable }) => linearizable),
      [false, false, true],
    );
  });

  it('do not fail for NOSPACE', async () => {
    const { ask, member } = setUp();
    member.report = { ...HEALTHY, alarms: ['NOSPACE'] };
    assert.equal((await ask('/readyz')).status, 200);
  });
});

describe('routes', () => {
  it('/version names the release', async () => {
    const { ask } = setUp();
    const { status, text } = await ask('/version');
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(JSON.parse(text) as object), [
      'etcdserver',
      'etcdcluster',
      'storage',
    ]);
    assert.ok(text.includes(`"etcdserver":"${SERVER_VERSION}"`));
  });

  it('answer other methods with 405 outside the API and 501 inside', async () => {
    const { ask } = setUp();
    for (const path of ['/version', '/health', '/livez', '/readyz', '/readyz/non_learner']) {
      const { status, headers, text } = await ask(path, { method: 'POST', body: '{}' });
      assert.deepEqual([status, headers.get('Allow'), text], [405, 'GET', 'Method Not Allowed\n']);
    }
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
      const { status, text } = await ask('/v3/kv/range', { method });
      assert.equal(status, 501);
      assert.ok(text.includes('"code":12'));
    }
  });

  it('answer unknown paths with 404', async () => {
    const { ask, post } = setUp();
    assert.deepEqual((await post('/nothing')).text, '404 page not found\n');
    for (const path of ['/readyz/nothing', '/livez/non_learner', '/', '/v2/keys/a', '/v4/kv/put']) {
      assert.equal((await ask(path)).status, 404, path);
    }
    const { status, text } = await post('/v3/kv/nothing');
    assert.equal(status, 404);
    assert.ok(text.includes('"code":5'));
  });

  it('lead every unary method of the schema to the member, under each of its paths', async () => {
    // Calls that wait grant a lease first and may be made again: see waiting.ts and its tests.
    const waiting = ['v3lockpb.Lock/Lock', 'v3electionpb.Election/Campaign'];
    for (const method of methods) {
      if (method.clientStreaming || method.serverStreaming) continue;
      if (waiting.includes(method.path)) continue;
      for (const path of method.gatewayPaths) {
        const { post, member } = setUp();
        assert.equal((await post(path)).status, 200, path);
        assert.deepEqual(member.calls, [method.path], path);
      }
    }
  });

  it('tell who answered and who leads, on success and on failure', async () => {
    const { post, member } = setUp();
    member.leader = 'm2';
    for (const code of [Code.OK, Code.OutOfRange]) {
      member.code = code;
      const { headers } = await post('/v3/kv/range');
      assert.equal(headers.get('X-Edgetcd-Member'), 'm1');
      assert.equal(headers.get('X-Edgetcd-Region'), 'weur');
      assert.equal(headers.get('X-Edgetcd-Leader'), 'm2');
    }
  });

  it('give errors with their HTTP status, and answers in JSON', async () => {
    const { post, member } = setUp();
    member.body = RangeResponse.encode({ count: 3 }).finish();
    assert.equal((await post('/v3/kv/range')).text, '{"count":"3"}');
    for (const [code, expected] of [
      [Code.Canceled, 499],
      [Code.Unknown, 500],
      [Code.InvalidArgument, 400],
      [Code.DeadlineExceeded, 504],
      [Code.NotFound, 404],
      [Code.PermissionDenied, 403],
      [Code.ResourceExhausted, 429],
      [Code.FailedPrecondition, 400],
      [Code.Unavailable, 503],
    ] as const) {
      member.code = code;
      member.message = 'why';
      const { status, text } = await post('/v3/kv/range');
      assert.equal(status, expected);
      assert.deepEqual(JSON.parse(text), { error: 'why', message: 'why', code });
    }
  });
});

describe('bodies', () => {
  const streamOf = (count: number, bytes: number, taken: { bytes: number }): RequestInit => ({
    method: 'POST',
    body: new ReadableStream<Uint8Array>({
      pull(controller) {
        if (taken.bytes >= count * bytes) controller.close();
        else controller.enqueue(new Uint8Array(bytes));
        taken.bytes += bytes;
      },
    }),
    duplex: 'half',
  });

  it('without an announced length are read up to the limit', async () => {
    const request = new Request('http://edgetcd/', streamOf(4, 25, { bytes: 0 }));
    assert.equal((await readBody(request, 100)).length, 100);
    const longer = new Request('http://edgetcd/', streamOf(5, 25, { bytes: 0 }));
    await assert.rejects(readBody(longer, 100), {
      code: Code.ResourceExhausted,
      message: 'grpc: received message larger than max (125 vs. 100)',
    });
  });

  it('that never end are not read for ever', async () => {
    const taken = { bytes: 0 };
    const request = new Request('http://edgetcd/', streamOf(Infinity, 1024 * 1024, taken));
    await assert.rejects(readBody(request, 100), { code: Code.ResourceExhausted });
    assert.ok(taken.bytes < 2 * BODY_DRAIN_BYTES_MAX);
  });

  it('with too long an announced length are refused before they are parsed', async () => {
    const { post, member } = setUp();
    const { status } = await post('/v3/kv/put', ' '.repeat(2 * MESSAGE_BYTES_MAX + 1));
    assert.equal(status, 429);
    assert.equal(member.opened, 0);
  });
});
