/** What the platform under an object promises about sockets while the object's process stands still. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '../../src/lib/prng.ts';
import { inMacrotask } from './drain.ts';
import { type HeldSocket, ObjectHost, type SimulatedObject } from './host.ts';
import { Network } from './network.ts';
import { Scheduler } from './scheduler.ts';
import type { World } from './world.ts';

const PAUSE_MS = 100;

class FakeObject implements SimulatedObject {
  receive(): void {}
  answer(): Promise<Uint8Array> {
    return Promise.reject(new Error('nobody asks'));
  }
  alarm(): void {}
  adopt(): void {}
}

class FakeSocket implements HeldSocket {
  isLost = false;
  lost(): void {
    this.isLost = true;
  }
}

function hostOf(scheduler: Scheduler): ObjectHost<FakeObject> {
  const prng = new Prng(1);
  const world: World = {
    scheduler,
    network: new Network(scheduler, prng, {
      delayMs: () => 1,
      jitter: 0,
      loss: 0,
      duplicate: 0,
      reorder: 0,
    }),
    diskFaults: () => ({ commitDelayMs: () => 1, bytesMax: () => Infinity, tornBatches: false }),
    timerLatenessMs: () => 0,
    alarmLatenessMs: () => 0,
    alarmRepeats: () => false,
    places: () => [],
    tracing: false,
    trace: () => {},
    fail: (property, reason) => {
      throw new Error(`${property}: ${String(reason)}`);
    },
    instanceError: (_id, _session, error) => {
      throw error;
    },
  };
  return new ObjectHost(world, 'a', prng, () => new FakeObject());
}

/** A host whose object is in memory, and what to do with one socket at it. */
function bench() {
  const scheduler = new Scheduler();
  const host = hostOf(scheduler);
  const socket = new FakeSocket();
  const heard: string[] = [];
  return {
    scheduler,
    host,
    heard,
    accept: () => {
      host.deliver('client', (object) => {
        host.hold(object, socket);
        heard.push('accept');
      });
    },
    frame: () => {
      host.deliverOver(socket, () => heard.push('frame'));
    },
    close: () => {
      host.closeOver(socket, () => heard.push('close'));
    },
  };
}

function simulated(name: string, run: () => void): void {
  test(name, () => inMacrotask(run));
}

// Seed 21067: the end of a connection that was made in the same pause was lost.
simulated('a socket that comes, speaks and ends within a pause does all three after it', () => {
  const { scheduler, host, heard, accept, frame, close } = bench();
  host.pause(PAUSE_MS);
  accept();
  frame();
  close();
  assert.deepEqual(heard, []);
  scheduler.runUntil(2 * PAUSE_MS);
  assert.deepEqual(heard, ['accept', 'frame', 'close']);
});

simulated('the end of an open socket is heard after a pause, and nothing after the end', () => {
  const { scheduler, host, heard, accept, frame, close } = bench();
  accept();
  host.pause(PAUSE_MS);
  close();
  scheduler.runUntil(2 * PAUSE_MS);
  frame();
  assert.deepEqual(heard, ['accept', 'close']);
});

simulated('an object that sleeps with sockets says so until an event wakes it', () => {
  const { host, accept, frame, heard } = bench();
  accept();
  assert.equal(host.sleepsWithSockets, false);
  assert.equal(host.sleep(), true);
  assert.equal(host.sleepsWithSockets, true);
  frame();
  assert.equal(host.sleepsWithSockets, false);
  assert.deepEqual(heard, ['accept', 'frame']);
});
