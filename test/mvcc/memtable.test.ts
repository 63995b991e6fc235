import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isLive, livedBefore } from '../../src/mvcc/index-entry.ts';
import type { MemEntry } from '../../src/mvcc/memtable.ts';
import { Memtable } from '../../src/mvcc/memtable.ts';
import type { KeyRange } from '../../src/mvcc/types.ts';

type Step =
  | { readonly kind: 'write'; readonly key: number; readonly deletes: boolean }
  | { readonly kind: 'pop'; readonly key: number }
  | { readonly kind: 'cut'; readonly key: number; readonly back: number };

const KEYS = 3_000;

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      key: fc.nat(KEYS),
      deletes: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pop' as const), key: fc.nat(KEYS) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('cut' as const),
      key: fc.nat(KEYS),
      back: fc.nat(20),
    }),
  },
);

/** Lists of versions in a plain map, newest first. */
type Plain = Map<string, MemEntry[]>;

function entryAt(key: string, modRevision: number, version: number): MemEntry {
  return {
    key,
    modRevision,
    version,
    createRevision: 1,
    lease: 0n,
    sub: 0,
    valueLength: 0,
    older: undefined,
  };
}

function deltaOf(versions: readonly MemEntry[]): number {
  const [newest] = versions;
  const oldest = versions.at(-1);
  if (newest === undefined || oldest === undefined) return 0;
  return Number(isLive(newest)) - Number(livedBefore(oldest));
}

function play(memtable: Memtable, plain: Plain, one: Step, revision: number): void {
  const key = String(one.key).padStart(4, '0');
  const versions = plain.get(key) ?? [];
  if (one.kind === 'write') {
    // A key whose first entry here is not its creation lived before: every third one.
    const version = one.deletes ? 0 : one.key % 3 === 0 ? 2 : 1;
    memtable.push(entryAt(key, revision, version));
    plain.set(key, [entryAt(key, revision, version), ...versions]);
  } else if (one.kind === 'pop') {
    memtable.pop(key);
    plain.set(key, versions.slice(1));
  } else {
    const node = memtable.get(key);
    if (node !== undefined) memtable.cut(node, revision - one.back);
    plain.set(
      key,
      versions.filter((entry) => entry.modRevision > revision - one.back),
    );
  }
  if (plain.get(key)?.length === 0) plain.delete(key);
}

test('memtable: keys, chains and sums are those of a plain map', () => {
  const bound = fc.nat(KEYS).map((key) => String(key).padStart(4, '0'));
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 3_000, size: 'max' }),
      fc.array(fc.tuple(bound, fc.option(bound, { nil: undefined })), { maxLength: 10 }),
      (steps, ranges) => {
        const memtable = new Memtable();
        const plain: Plain = new Map();
        steps.forEach((one, index) => play(memtable, plain, one, index + 1));
        const keys = [...plain.keys()].sort();
        assert.deepEqual(
          [...memtable.from('')].map((node) => node.key),
          keys,
        );
        let entries = 0;
        for (const key of keys) {
          const chain: number[] = [];
          let entry = memtable.get(key)?.newest;
          for (; entry !== undefined; entry = entry.older) chain.push(entry.modRevision);
          assert.deepEqual(
            chain,
            plain.get(key)?.map((version) => version.modRevision),
          );
          entries += chain.length;
        }
        assert.equal(memtable.entries, entries);
        for (const [start, end] of ranges) compareRange(memtable, plain, { start, end });
        compareRange(memtable, plain, { start: '', end: undefined });
      },
    ),
    { numRuns: 30 },
  );
});

function compareRange(memtable: Memtable, plain: Plain, range: KeyRange): void {
  const inside = [...plain].filter(
    ([key]) => key >= range.start && (range.end === undefined || key < range.end),
  );
  const sum = inside.reduce((total, [, versions]) => total + deltaOf(versions), 0);
  assert.equal(memtable.delta(range), sum);
  const [first] = memtable.from(range.start);
  assert.equal(
    first?.key,
    [...plain.keys()].sort().find((key) => key >= range.start),
  );
}
