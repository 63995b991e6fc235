/** The links of chaos runs: a cut or slow one must be what it says, or a clean run proves little. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { freePorts } from '../../scripts/lib/ports.ts';
import { PEER_HEADERS } from '../../src/member/peer-protocol.ts';
import { LinkProxy } from '../../scripts/lib/link-proxy.ts';

test('a link passes requests on, refuses them when cut, by sender and receiver', async () => {
  const target = createServer((request, response) => {
    response.end(`hello ${String(request.headers[PEER_HEADERS.from])}`);
  });
  target.listen(0, '127.0.0.1');
  await once(target, 'listening');
  const [port] = await freePorts(1);
  const proxy = new LinkProxy();
  await proxy.listen(port as number, 'm1', (target.address() as AddressInfo).port);
  const ask = async (from: string): Promise<string> => {
    const headers = { [PEER_HEADERS.from]: from, connection: 'close' };
    return await (await fetch(`http://127.0.0.1:${port}/peer/frame`, { headers })).text();
  };
  try {
    assert.equal(await ask('aa'), 'hello aa');
    proxy.cut('aa', 'm1');
    await assert.rejects(ask('aa'));
    assert.equal(await ask('bb'), 'hello bb');
    proxy.healAll();
    assert.equal(await ask('aa'), 'hello aa');
  } finally {
    proxy.close();
    target.close();
  }
});

test('what passes a slow link with jitter and loss comes late, whole and in order', async () => {
  const target = createServer((request, response) => request.pipe(response));
  target.listen(0, '127.0.0.1');
  await once(target, 'listening');
  const [port] = await freePorts(1);
  let drawn = 0;
  const proxy = new LinkProxy(PEER_HEADERS.from, () => (drawn = (drawn + 0.37) % 1));
  await proxy.listen(port as number, 'm1', (target.address() as AddressInfo).port);
  Object.assign(proxy.link('aa', 'm1'), { delayMs: 5, jitterMs: 10, loss: 0.1 });
  const sent = Buffer.from(Array.from({ length: 400_000 }, (_, at) => at % 251));
  const began = performance.now();
  try {
    const headers = { [PEER_HEADERS.from]: 'aa', connection: 'close' };
    const url = `http://127.0.0.1:${port}/peer/frame`;
    const answer = await fetch(url, { method: 'POST', headers, body: sent });
    assert.deepEqual(Buffer.from(await answer.arrayBuffer()), sent);
    assert.ok(performance.now() - began >= 9, 'once there and once back');
    assert.ok(drawn > 0);
  } finally {
    proxy.close();
    target.close();
  }
});
