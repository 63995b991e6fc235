/** Goal: who may watch from a browser, which can set no headers of its own. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeMember } from './support/fake-member.ts';
import { createApp, Router } from './support/surface.ts';

/** The member behind refuses all streams with 503: whoever gets that far was let in. */
async function statusOf(method: string, headers: Record<string, string>): Promise<number> {
  const router = new Router([new FakeMember('m1').routed], { leader: undefined });
  const app = createApp({
    access: () => ({ token: 'sesame', allowAnonymous: false }),
    routerOf: () => router,
  });
  const request = new Request('http://edgetcd/v3/watch?prefix=a', { method, headers });
  return (await app.fetch(request)).status;
}

const UPGRADE = { Upgrade: 'websocket' };
const EVENTS = { Accept: 'text/event-stream' };
const COOKIE = { Cookie: 'a=b; token=sesame' };

describe('a watch from a browser', () => {
  it('may bring the token as a subprotocol of a WebSocket', async () => {
    const protocol = (text: string): Record<string, string> => ({ 'Sec-WebSocket-Protocol': text });
    assert.equal(await statusOf('GET', { ...UPGRADE, ...protocol('Bearer, sesame') }), 503);
    assert.equal(await statusOf('GET', { ...UPGRADE, ...protocol('bearer,sesame') }), 503);
    assert.equal(await statusOf('GET', { ...UPGRADE, ...protocol('Bearer, s%65same') }), 503);
    assert.equal(await statusOf('GET', { ...UPGRADE, ...protocol('Bearer, wrong') }), 401);
    assert.equal(await statusOf('GET', { ...UPGRADE, ...protocol('Bearer, %') }), 401);
    assert.equal(await statusOf('GET', { ...UPGRADE, ...protocol('sesame') }), 401);
    assert.equal(await statusOf('GET', { ...EVENTS, ...protocol('Bearer, sesame') }), 401);
  });

  it('may bring it in a cookie', async () => {
    assert.equal(await statusOf('GET', { ...UPGRADE, ...COOKIE }), 503);
    assert.equal(await statusOf('GET', { ...EVENTS, ...COOKIE }), 503);
    assert.equal(await statusOf('GET', { ...UPGRADE, Cookie: 'token=wrong' }), 401);
  });

  it('may not do so for a POST, which any site can make a browser send', async () => {
    assert.equal(await statusOf('POST', COOKIE), 401);
    assert.equal(await statusOf('POST', { ...EVENTS, ...COOKIE }), 401);
  });
});
