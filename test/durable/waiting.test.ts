/** Goal: a call that waits lets its member sleep, outlives it, and ends with its client. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { base64, Gateway, text } from '../support/gateway.ts';
import { WatchCluster } from './watch-cluster.ts';

const clusters: WatchCluster[] = [];
after(() => Promise.all(clusters.map((cluster) => cluster.stop())));

const MEMBERS = ['m1', 'm2', 'm3'];
/** Objects sleep after ten seconds; a member rests after one. */
const HELD_SECONDS = 20;

async function start(): Promise<{ cluster: WatchCluster; gateway: Gateway }> {
  const cluster = await WatchCluster.start(3);
  clusters.push(cluster);
  const gateway = new Gateway(cluster.endpoint);
  for (let ID = 1; ID <= 9; ID++) await gateway.grant(ID, 600);
  return { cluster, gateway };
}

async function queueOf(gateway: Gateway, name: string, length: number): Promise<void> {
  while ((await gateway.keys(`${name}/`)).length !== length) await sleep(50);
}

async function lock(gateway: Gateway, name: string, lease: number): Promise<string> {
  return text((await gateway.ok('lock/lock', { name: base64(name), lease })).key);
}

/** A client that asks for a lock, and goes in one way or the other when `hangUp` is called. */
function hangingUp(gateway: Gateway, name: string, lease: number, how: 'reset' | 'close') {
  const { hostname, port } = new URL(gateway.endpoint);
  const body = JSON.stringify({ name: base64(name), lease });
  const socket = connect(Number(port), hostname, () => {
    socket.write(
      `POST /v3/lock/lock HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
  });
  // Nothing is read, as by a client that is gone.
  return () => (how === 'reset' ? socket.resetAndDestroy() : socket.destroy());
}

describe('a call that waits for a lock', { concurrency: 4 }, () => {
  it('lets everyone sleep, and gets it when the lease of the holder ends', async (context) => {
    const { cluster, gateway } = await start();
    await gateway.grant(10, HELD_SECONDS);
    await lock(gateway, 'held', 10);
    const heldMs = Date.now();
    const campaign = gateway.ok('election/campaign', {
      name: base64('held'),
      lease: 1,
      value: base64('next'),
    });
    await queueOf(gateway, 'held', 2);
    const built = MEMBERS.map((member) => cluster.timesBuilt(member));
    const { leader } = await campaign;
    const waitedMs = Date.now() - heldMs;
    assert.equal(text(leader?.key), 'held/1');
    assert.ok(waitedMs > (HELD_SECONDS - 1) * 1000, `after ${waitedMs} ms`);
    const slept = (): string[] =>
      MEMBERS.filter((member, index) => cluster.timesBuilt(member) > (built[index] ?? 0));
    await cluster.until(() => slept().length === MEMBERS.length);
    assert.deepEqual(slept(), MEMBERS);
    context.diagnostic(`passed on ${waitedMs - HELD_SECONDS * 1000} ms after the end`);
  });

  it('outlives the members it waits at', async () => {
    const { cluster, gateway } = await start();
    const held = await lock(gateway, 'crashed', 1);
    const waiting = lock(gateway, 'crashed', 2);
    await queueOf(gateway, 'crashed', 2);
    const revision = (await gateway.get('crashed/2'))?.create_revision;
    for (const member of MEMBERS) {
      await cluster.crash(member);
      await gateway.put('other', member);
    }
    // It stands where it stood.
    assert.equal((await gateway.get('crashed/2'))?.create_revision, revision);
    await gateway.ok('lock/unlock', { key: base64(held) });
    assert.equal(await waiting, 'crashed/2');
  });

  it('loses its place when its client goes', async () => {
    const { gateway } = await start();
    await lock(gateway, 'gone', 1);
    const reset = hangingUp(gateway, 'gone', 2, 'reset');
    await queueOf(gateway, 'gone', 2);
    const close = hangingUp(gateway, 'gone', 3, 'close');
    await queueOf(gateway, 'gone', 3);
    reset();
    await queueOf(gateway, 'gone', 2);
    assert.deepEqual(await gateway.keys('gone/'), ['gone/1', 'gone/3']);
    // Only writing to it tells this one: blanks before the answer.
    close();
    await queueOf(gateway, 'gone', 1);
    assert.deepEqual(await gateway.keys('gone/'), ['gone/1']);
  });

  it('is answered after blanks when that takes long, and broken off when it then fails', async () => {
    const { gateway } = await start();
    const held = await lock(gateway, 'long', 1);
    await gateway.grant(11, 15);
    const fails = lock(gateway, 'long', 11);
    await queueOf(gateway, 'long', 2);
    const response = await fetch(`${gateway.endpoint}/v3/lock/lock`, {
      method: 'POST',
      body: JSON.stringify({ name: base64('long'), lease: 2 }),
    });
    // The head came before the answer.
    assert.equal(response.status, 200);
    await assert.rejects(fails, TypeError);
    assert.deepEqual(await gateway.keys('long/'), ['long/1', 'long/2']);
    await gateway.ok('lock/unlock', { key: base64(held) });
    const answer = await response.text();
    assert.match(answer, /^ +\{/);
    assert.equal(text((JSON.parse(answer) as { key: string }).key), 'long/2');
  });
});
