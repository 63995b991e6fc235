import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '../../src/lib/prng.ts';
import { inMacrotask } from './drain.ts';
import { Network, type NetworkOptions } from './network.ts';
import { Scheduler } from './scheduler.ts';

const QUIET: NetworkOptions = { delayMs: () => 10, jitter: 0, loss: 0, duplicate: 0, reorder: 0 };

function bench(options: Partial<NetworkOptions> = {}): { scheduler: Scheduler; network: Network } {
  const scheduler = new Scheduler();
  return { scheduler, network: new Network(scheduler, new Prng(1), { ...QUIET, ...options }) };
}

/** Sends 1..count over a stream and returns what arrived, in order. */
function arrivals(
  options: Partial<NetworkOptions>,
  count: number,
  once = false,
): Promise<number[]> {
  return inMacrotask(() => {
    const { scheduler, network } = bench(options);
    const arrived: number[] = [];
    for (let at = 1; at <= count; at++) network.stream('a', 'b', once, () => arrived.push(at));
    scheduler.runUntil(60_000);
    return arrived;
  });
}

test('a stream keeps its order, also with jitter', async () => {
  const arrived = await arrivals({ jitter: 2 }, 50);
  assert.deepEqual(
    arrived,
    [...arrived].sort((left, right) => left - right),
  );
  assert.equal(arrived.length, 50);
});

test('a stream keeps its order when messages catch up with a late one', () =>
  inMacrotask(() => {
    const { scheduler, network } = bench({ jitter: 3 });
    const arrived: number[] = [];
    const prng = new Prng(7);
    for (let at = 0; at < 500; at++) {
      network.stream('a', 'b', false, () => arrived.push(at));
      scheduler.runUntil(scheduler.nowMs - Math.log(1 - prng.float()));
    }
    scheduler.runUntil(60_000);
    assert.deepEqual(
      arrived,
      [...arrived].sort((left, right) => left - right),
    );
  }));

test('jitter stays below its bound where there is one', async () => {
  const latestMs = (delaysMax?: number): Promise<number> =>
    inMacrotask(() => {
      const { scheduler, network } = bench({
        jitter: 1,
        ...(delaysMax !== undefined && { delaysMax }),
      });
      let lastMs = 0;
      for (let at = 0; at < 100; at++) {
        network.datagram('a', 'b', () => {
          lastMs = scheduler.nowMs;
        });
      }
      scheduler.runUntil(60_000);
      return lastMs;
    });
  assert.ok((await latestMs()) > 30);
  assert.equal(await latestMs(3), 30);
});

test('loss loses, duplication doubles, reordering reorders', async () => {
  assert.ok((await arrivals({ loss: 0.5 }, 100)).length < 80);
  assert.ok((await arrivals({ duplicate: 0.5 }, 100)).length > 120);
  const reordered = await arrivals({ reorder: 0.5 }, 100);
  assert.notDeepEqual(
    reordered,
    [...reordered].sort((left, right) => left - right),
  );
});

test('what must come once is never doubled', async () => {
  assert.equal((await arrivals({ duplicate: 0.9 }, 100, true)).length, 100);
});

test('a cut is one-way, takes what is on its way, and is known after a while', async () => {
  await inMacrotask(() => {
    const { scheduler, network } = bench();
    let there = 0;
    let back = 0;
    network.stream('a', 'b', false, () => there++);
    network.cut('a', 'b');
    network.stream('a', 'b', false, () => there++);
    network.datagram('b', 'a', () => back++);
    assert.equal(network.knownDown('a', 'b'), false);
    scheduler.runUntil(1_000);
    assert.deepEqual([there, back], [0, 1]);
    assert.equal(network.knownDown('a', 'b'), true);
    network.heal();
    assert.equal(network.knownDown('a', 'b'), false);
    network.stream('a', 'b', false, () => there++);
    scheduler.runUntil(2_000);
    assert.equal(there, 1);
  });
});
