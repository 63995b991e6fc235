/** A client's connection: what is under way, and how an end is heard at the other side. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLOSE } from '../../../src/api/close-codes.ts';
import { Prng } from '../../../src/lib/prng.ts';
import type { NodeId } from '../../../src/raft/types.ts';
import { SimulatedCluster } from '../cluster.ts';
import { inMacrotask } from '../drain.ts';
import { drawOptions, type SimulationOptions } from '../options.ts';
import { ABNORMAL, Connection } from './connection.ts';

const NOTHING = new Uint8Array(0);
/** Longer than an election, the life of a twin, and what it takes until a break is known. */
const LONG_MS = 10_000;

function optionsOf(prng: Prng): SimulationOptions {
  const drawn = drawOptions(1, prng, { voters: 1 });
  return { ...drawn, learners: 0, regions: false, loss: 0, duplicate: 0, reorder: 0 };
}

interface Bench {
  readonly cluster: SimulatedCluster;
  readonly member: NodeId;
  readonly connection: Connection;
  /** What the client heard, in order. */
  readonly heard: (string | number)[];
}

/** A test with a client whose connection to the one member is open. */
function simulated(name: string, run: (bench: Bench) => void): void {
  test(name, () =>
    inMacrotask(() => {
      const prng = new Prng(1);
      const cluster = new SimulatedCluster(optionsOf(prng), prng);
      cluster.faulty = false;
      cluster.addClient('w0', undefined);
      const [member] = cluster.memberIds();
      assert.ok(member !== undefined);
      const heard: (string | number)[] = [];
      const connection = new Connection(
        { cluster, client: 'w0', member, kind: 'json', needsLeader: false, prng, windowBytes: 0 },
        {
          opened: () => heard.push('opened'),
          message: (data) => heard.push(String(data)),
          closed: (code) => heard.push(code),
        },
      );
      cluster.scheduler.runUntil(LONG_MS);
      assert.deepEqual(heard, ['opened']);
      run({ cluster, member, connection, heard });
      cluster.close();
    }),
  );
}

simulated('a connection is quiet when nothing is under way either way', (bench) => {
  const { cluster, connection, heard } = bench;
  const { scheduler } = cluster;
  assert.equal(connection.isQuiet, true);
  connection.sendUp('{"progress_request":{}}');
  assert.equal(connection.isQuiet, false);
  scheduler.runUntil(scheduler.nowMs + LONG_MS);
  assert.equal(connection.isQuiet, true);
  connection.send('hello');
  assert.equal(connection.isQuiet, false);
  scheduler.runUntil(scheduler.nowMs + LONG_MS);
  assert.equal(connection.isQuiet, true);
  assert.deepEqual(heard, ['opened', 'hello']);
});

simulated('a connection whose client has not found out that it is broken is not quiet', (bench) => {
  const { cluster, connection, heard } = bench;
  connection.breaks();
  assert.equal(connection.isQuiet, false);
  cluster.scheduler.runUntil(cluster.scheduler.nowMs + LONG_MS);
  assert.deepEqual(heard, ['opened', ABNORMAL]);
});

simulated('an end that the object sends is heard with its code', (bench) => {
  const { cluster, connection, heard } = bench;
  connection.close(CLOSE.RESTART);
  cluster.scheduler.runUntil(cluster.scheduler.nowMs + LONG_MS);
  assert.deepEqual(heard, ['opened', CLOSE.RESTART.code]);
});

// Seed 21353: the client of a twin that had been removed waited for ever.
simulated('an end behind a write that is never confirmed is a broken connection', (bench) => {
  const { cluster, member, connection, heard } = bench;
  const host = cluster.host(member);
  host?.takeOver();
  host?.twin?.session.put('t', 1, NOTHING, NOTHING);
  connection.close(CLOSE.RESTART);
  cluster.scheduler.runUntil(cluster.scheduler.nowMs + LONG_MS);
  assert.equal(host?.twin, undefined);
  assert.deepEqual(heard, ['opened', ABNORMAL]);
});
