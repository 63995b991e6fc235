/** Goal: pages of the origins that are named may call, and no others, whatever the answer is. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeMember } from './support/fake-member.ts';
import { createApp, Router } from './support/surface.ts';

const PAGE = 'https://page.example';
const PREFLIGHT = { 'Access-Control-Request-Method': 'POST' };

function setUp(...origins: string[]) {
  const member = new FakeMember('m1');
  const access = { token: 'secret', allowAnonymous: false };
  const routerOf = () => new Router([member.routed], { leader: undefined });
  const app = createApp({ access: () => access, routerOf, origins });
  return async (method: string, origin: string, headers: Record<string, string> = {}) => {
    const init = { method, headers: { Origin: origin, ...headers } };
    const response = await app.fetch(new Request('http://edgetcd/v3/kv/range', init));
    return {
      status: response.status,
      origin: response.headers.get('Access-Control-Allow-Origin'),
      headers: response.headers,
    };
  };
}

describe('requests from pages', () => {
  it('of a named origin are announced without the token, and answered with it', async () => {
    const ask = setUp('https://other.example', PAGE);
    const announced = await ask('OPTIONS', PAGE, PREFLIGHT);
    assert.deepEqual([announced.status, announced.origin], [204, PAGE]);
    assert.match(announced.headers.get('Access-Control-Allow-Headers') ?? '', /x-grpc-web/);
    assert.equal(announced.headers.get('Vary'), 'Origin');
    const answered = await ask('POST', PAGE, { Authorization: 'Bearer secret' });
    assert.deepEqual([answered.status, answered.origin], [200, PAGE]);
    assert.match(answered.headers.get('Access-Control-Expose-Headers') ?? '', /grpc-status/);
  });

  it('may read why they are refused', async () => {
    const refused = await setUp(PAGE)('POST', PAGE);
    assert.deepEqual([refused.status, refused.origin], [401, PAGE]);
  });

  it('of other origins are answered as if nothing was set', async () => {
    for (const ask of [setUp(PAGE), setUp()]) {
      for (const other of ['https://evil.example', 'null', `${PAGE}.evil.example`]) {
        assert.equal((await ask('OPTIONS', other, PREFLIGHT)).origin, null);
        const answered = await ask('POST', other, { Authorization: 'Bearer secret' });
        assert.deepEqual([answered.status, answered.origin], [200, null]);
      }
    }
  });

  it('of all origins may call when "*" says so', async () => {
    const answered = await setUp('*')('OPTIONS', 'https://any.example', PREFLIGHT);
    assert.deepEqual([answered.status, answered.origin], [204, 'https://any.example']);
  });
});
