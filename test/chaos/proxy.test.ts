/** The links of chaos runs: a cut or slow one must be what it says, or a clean run proves little. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { freePorts } from '../../scripts/lib/ports.ts';
import { PEER_HEADERS } from '../../src/member/peer-protocol.ts';
import { plotRun } from './plot.ts';
import { LinkProxy } from './proxy.ts';

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

test('a plot marks faults and draws both figures', () => {
  const call = {
    id: 0,
    client: 'c',
    request: { kind: 'range', key: 'a' },
    called: 0,
    returned: 1,
    calledAtMs: 100,
    returnedAtMs: 140,
    outcome: { kind: 'ok', result: { kind: 'put', revision: 2 } },
  } as const;
  const svg = plotRun([call], [{ fromMs: 0, toMs: 500, text: 'kill: m1' }], 2_000);
  assert.equal(svg.match(/<polyline/g)?.length, 2);
  assert.equal(svg.match(/kill: m1/g)?.length, 2);
});
