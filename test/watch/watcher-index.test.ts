/** Goal: the index finds the groups of a key, and forgets a range with its last watcher. Method: a list is its twin. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Change, KeyRange } from '../../src/mvcc/types.ts';
import { takeEvents, WatcherIndex } from '../../src/watch/watcher-index.ts';
import { Watcher } from '../../src/watch/watcher.ts';
import { TestMember } from './harness.ts';

const key = fc.string({ unit: fc.constantFrom('\0', 'a', 'b'), maxLength: 2 });
const range: fc.Arbitrary<KeyRange> = fc.oneof(
  key.map((start) => ({ start, end: `${start}\0` })),
  fc
    .record({ start: key, end: fc.option(key, { nil: undefined }) })
    .filter(({ start, end }) => end === undefined || start < end),
);

function changeOf(name: string): Change {
  const meta = { key: name, createRevision: 2, modRevision: 2, version: 1, lease: 0n };
  return { type: 'put', kv: { ...meta, value: new Uint8Array(0) }, sub: 0 };
}

function textOf({ start, end }: KeyRange): string {
  return JSON.stringify([start, end ?? null]);
}

describe('WatcherIndex', () => {
  it('answers as a list would, while watchers come and go', () => {
    const stream = new TestMember().hub.open('s', {
      send: () => 'sent',
      end: () => undefined,
      mayRead: () => undefined,
    });
    const steps = fc.array(fc.record({ remove: fc.nat(), add: fc.option(range), key }), {
      maxLength: 100,
    });
    fc.assert(
      fc.property(steps, (list) => {
        const index = new WatcherIndex();
        const twin: Watcher[] = [];
        for (const { remove, add, key: wanted } of list) {
          if (add !== null) {
            const watcher = new Watcher(stream, index.groupOf(add), { id: 0, flags: 0, next: 1 });
            index.add(watcher);
            twin.push(watcher);
          } else if (twin.length > 0) {
            const [gone] = twin.splice(remove % twin.length, 1);
            if (gone !== undefined) index.remove(gone);
          }
          const groups = index.match([changeOf(wanted)]);
          for (const group of groups) assert.equal(takeEvents(group).length, 1);
          const expected = twin.filter(({ group }) => group.contains(wanted));
          assert.deepEqual(new Set(groups.flatMap(({ watchers }) => watchers)), new Set(expected));
          assert.equal(groups.flatMap(({ watchers }) => watchers).length, expected.length);
          assert.equal(index.size, new Set(twin.map(({ group }) => textOf(group))).size);
        }
      }),
    );
  });
});
