/** Goal: path and header name the same cluster or none, and what is no name gets nowhere. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clusterUrl } from '../../src/api/cluster-name.ts';
import { Code, StatusError } from '../../src/api/errors.ts';
import { FakeMember } from './support/fake-member.ts';
import { clusterNameOf, createApp, pathOf, Router } from './support/surface.ts';

function request(path: string, header?: string): Request {
  const headers = header === undefined ? {} : { 'edgetcd-cluster': header };
  return new Request(`http://edgetcd${path}`, { headers });
}

describe('the cluster of a request', () => {
  it('is the one in the path or in the header, and the default one without', () => {
    for (const [path, header, name, rest] of [
      ['/v3/kv/put', undefined, 'default', '/v3/kv/put'],
      ['/v3/kv/put', 'a', 'a', '/v3/kv/put'],
      ['/c/a/v3/kv/put?x=/c/b', undefined, 'a', '/v3/kv/put'],
      ['/c/a/v3/kv/put', 'a', 'a', '/v3/kv/put'],
      ['/c/default/health', undefined, 'default', '/health'],
      ['/c/A_b-9/etcdserverpb.KV/Put', undefined, 'A_b-9', '/etcdserverpb.KV/Put'],
      ['/c/a/v3beta/kv/put', undefined, 'a', '/v3/kv/put'],
      ['/c/a', undefined, 'a', '/'],
      // Only the first one counts: a cluster has no clusters.
      ['/c/a/c/b/v3/kv/put', undefined, 'a', '/c/b/v3/kv/put'],
      [`/c/${'n'.repeat(64)}/version`, undefined, 'n'.repeat(64), '/version'],
    ] as const) {
      assert.equal(clusterNameOf(request(path, header)), name, path);
      assert.equal(pathOf(request(path, header)), rest, path);
    }
  });

  it('is refused when its name is none, or path and header differ', () => {
    for (const [path, header] of [
      ['/c//v3/kv/put', undefined],
      ['/c/', undefined],
      ['/c/a%2Fm1/v3/kv/put', undefined],
      ['/c/%61/v3/kv/put', undefined],
      ['/c/a.b/v3/kv/put', undefined],
      [`/c/${'n'.repeat(65)}/v3/kv/put`, undefined],
      ['/v3/kv/put', ''],
      ['/v3/kv/put', 'a/m1'],
      ['/v3/kv/put', 'a, b'],
      ['/c/a/v3/kv/put', 'b'],
    ] as const) {
      assert.throws(
        () => clusterNameOf(request(path, header)),
        (error) =>
          error instanceof StatusError &&
          error.code === Code.InvalidArgument &&
          error.message.startsWith('edgetcd: choose '),
        path,
      );
    }
  });

  it('is reached beside the default one', () => {
    assert.equal(clusterUrl('https://host/', 'a'), 'https://host/c/a');
    assert.equal(clusterUrl('https://host', 'default'), 'https://host');
  });
});

describe('the surface', () => {
  it('asks nobody for a call that is not admitted, nor admits one without access', async () => {
    const member = new FakeMember('m1');
    let admitted = 0;
    const app = createApp({
      access: () => ({ token: 'secret', allowAnonymous: false }),
      routerOf: () => new Router([member.routed], { leader: undefined }),
      admit: async (request) => {
        admitted++;
        clusterNameOf(request);
      },
    });
    const ask = async (path: string, token: string): Promise<number> => {
      const init = { method: 'POST', body: '{}', headers: { Authorization: `Bearer ${token}` } };
      return (await app.fetch(new Request(`http://edgetcd${path}`, init))).status;
    };
    assert.equal(await ask('/c/a/v3/kv/range', 'wrong'), 401);
    assert.equal(admitted, 0);
    assert.equal(await ask('/c/a.b/v3/kv/range', 'secret'), 400);
    assert.equal(member.opened, 0);
    assert.equal(await ask('/c/a/v3/kv/range', 'secret'), 200);
    assert.equal(await ask('/c/a/v3/nothing', 'secret'), 404);
    assert.equal(await ask('/c/a', 'secret'), 404);
  });
});
