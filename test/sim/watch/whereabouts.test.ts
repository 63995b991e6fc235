import assert from 'node:assert/strict';
import { test } from 'node:test';
import { strayStreams, type StreamPlace } from './whereabouts.ts';

class Place implements StreamPlace {
  readonly id: string;
  readonly twin: unknown;
  sleepsWithSockets: boolean;
  readonly #wakes: boolean;

  constructor(id: string, state: { twin?: boolean; sleeps?: boolean; wakes?: boolean } = {}) {
    this.id = id;
    this.twin = state.twin === true ? {} : undefined;
    this.sleepsWithSockets = state.sleeps === true;
    this.#wakes = state.wakes !== false;
  }

  deliver(_from: string, task: () => void): void {
    if (!this.#wakes) return;
    this.sleepsWithSockets = false;
    task();
  }
}

test('gauges of objects in memory without twins tell of all streams', () => {
  assert.equal(strayStreams([new Place('a'), new Place('b')]), undefined);
});

// Seed 20299: a client whose stream ended at a twin was taken for one that had been told everything.
test('a twin may hold streams that lack what happened since', () => {
  assert.match(strayStreams([new Place('a'), new Place('b', { twin: true })]) ?? '', /twin of b/);
});

// Seed 20482: the streams of an object that slept were taken for none.
test('an object that sleeps with sockets is woken to be asked', () => {
  const asleep = new Place('a', { sleeps: true });
  assert.equal(strayStreams([asleep]), undefined);
  assert.equal(asleep.sleepsWithSockets, false);
});

test('one that does not wake up keeps its streams', () => {
  const lost = new Place('a', { sleeps: true, wakes: false });
  assert.match(strayStreams([lost]) ?? '', /streams at a/);
});
