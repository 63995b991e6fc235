/**
 * Goal: the nine guarantees of watch hold whatever happens, and their checkers would tell if they did
 * not. Method: random worlds, judged by the checkers that the simulator uses; then the same with one
 * thing wrong in the world, which a checker must find.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AssertionError } from '../../src/lib/assert.ts';
import { EventBatch } from '../../src/watch/event.ts';
import { WatchMessage } from '../../src/watch/message.ts';
import { checkWatch } from '../sim/checkers/watch.ts';
import { Violation } from '../sim/world.ts';
import { RandomWorld, type Faults } from './random-world.ts';

const STEPS = 250;
const SEEDS = 20;
const FAULTY_SEEDS = 12;

function violationOf(seed: number, faults?: Faults): Violation | undefined {
  try {
    const { watches, truth } = new RandomWorld(seed, faults).run(STEPS);
    for (const watch of watches) checkWatch(watch, truth);
    return undefined;
  } catch (error) {
    if (error instanceof Violation) return error;
    // The hub's own eye on its host.
    if (error instanceof AssertionError) return new Violation('assertion', error.message);
    throw error;
  }
}

/** Runs worlds until one of `expected` is found broken; returns what was found. */
function broken(faults: Faults, expected: readonly string[]): string[] {
  const found: string[] = [];
  for (let seed = 0; seed < FAULTY_SEEDS; seed++) {
    const violation = violationOf(seed, faults);
    if (violation !== undefined) found.push(violation.property);
    if (violation !== undefined && expected.includes(violation.property)) break;
  }
  return found;
}

describe('the guarantees of watch', () => {
  it('hold in random worlds', () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const violation = violationOf(seed);
      assert.equal(violation, undefined, `seed ${seed}: ${violation?.message ?? ''}`);
    }
  });

  const faults: Record<string, Faults> = {
    'a history that leaves out a change': {
      history: (store) => ({
        changes: (from, bytesMax) => {
          const { changes, next } = store.changes(from, bytesMax);
          return { changes: changes.filter((_, index) => index % 7 !== 3), next };
        },
        getAt: (key, revision) => store.getAt(key, revision),
      }),
    },
    'a history that gives the wrong past': {
      history: (store) => ({
        changes: (from, bytesMax) => store.changes(from, bytesMax),
        getAt: (key, revision) => store.getAt(key, revision + 1),
      }),
    },
    'a message that is lost': { messages: (message) => (isEvery(9, message) ? [] : [message]) },
    'a message that comes twice': {
      messages: (message) => (isEvery(9, message) ? [message, message] : [message]),
    },
    'a response in pieces': { messages: inPieces },
    'a host that forgets to tell of a snapshot': { forgetsSnapshots: true },
    'a host that forgets to tell of entries': { forgetsEntries: true },
    'a shell that saves a stream only once': { savesOnce: true },
    'an object that sleeps before it has flushed': { sleepsUnflushed: true },
  };
  const expected: Record<string, readonly string[]> = {
    'a history that leaves out a change': ['watch reliable', 'watch resumable', 'watch atomic'],
    'a history that gives the wrong past': ['watch prevKV'],
    'a message that is lost': ['watch reliable', 'watch resumable', 'watch bookmarkable'],
    'a message that comes twice': ['watch unique'],
    'a response in pieces': ['watch atomic'],
    'a host that forgets to tell of a snapshot': ['watch reliable', 'watch resumable'],
    'a host that forgets to tell of entries': ['assertion'],
    'a shell that saves a stream only once': ['watch stream'],
    'an object that sleeps before it has flushed': [
      'watch unique',
      'watch ordered',
      'watch bookmarkable',
    ],
  };
  for (const [name, fault] of Object.entries(faults)) {
    it(`do not survive ${name}`, () => {
      const properties = expected[name] ?? [];
      const found = broken(fault, properties);
      assert.ok(
        found.some((property) => properties.includes(property)),
        `found: ${found.join(', ')}`,
      );
    });
  }
});

let messages = 0;

/** True of one in `count` messages with events. */
function isEvery(count: number, message: WatchMessage): boolean {
  return message.batch !== undefined && ++messages % count === 0;
}

/** Every event in a response of its own. */
function inPieces(message: WatchMessage): readonly WatchMessage[] {
  const { batch, header, watchId } = message;
  if (batch === undefined) return [message];
  return batch.events.map((event) => new WatchMessage(header, watchId, new EventBatch([event])));
}
