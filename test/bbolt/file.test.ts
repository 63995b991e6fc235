/** Goal: what is written is read again, and a file that is not whole is refused with a reason. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BboltError, PAGE_BYTES } from '../../src/bbolt/format.ts';
import { byteString } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import { buildFile, readFile } from './support.ts';

/** Short pairs by the hundred, and now and then one that takes pages. */
function randomPairs(prng: Prng): Map<string, string> {
  const pairs = new Map<string, string>();
  for (let left = prng.below(prng.pick([1, 5, 60, 800])); left > 0; left--) {
    const long = prng.below(100) === 0;
    const key = byteString(prng.bytes(1 + prng.below(long ? 5000 : 20)));
    pairs.set(key, byteString(prng.bytes(prng.below(long ? 20_000 : 60))));
  }
  return pairs;
}

function randomBuckets(prng: Prng): Map<string, Map<string, string>> {
  const buckets = new Map<string, Map<string, string>>();
  for (let left = prng.below(6); left > 0; left--) {
    buckets.set(byteString(prng.bytes(1 + prng.below(12))), randomPairs(prng));
  }
  return buckets;
}

test('whatever is written is read again', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const content = randomBuckets(new Prng(seed));
      const file = buildFile(content);
      assert.equal(file.length % PAGE_BYTES, 0);
      assert.deepEqual(readFile(file), content);
    }),
    { numRuns: 60 },
  );
});

test('a tree of four levels is read in order', () => {
  const content = new Map<string, string>();
  // Keys so long that a branch holds three of them.
  for (let at = 0; at < 60; at++) {
    content.set(`${String(at).padStart(4, '0')}${'k'.repeat(1200)}`, String(at));
  }
  assert.deepEqual(readFile(buildFile(new Map([['key', content]]))).get('key'), content);
});

test('a small bucket stands in the page that names it, an empty one too', () => {
  const content = new Map([
    ['empty', new Map<string, string>()],
    ['small', new Map([['a', 'b']])],
  ]);
  const file = buildFile(content);
  // Two metas, the free list and one leaf.
  assert.equal(file.length, 4 * PAGE_BYTES);
  assert.deepEqual(readFile(file), content);
});

const SAMPLE = new Map([
  ['alarm', new Map<string, string>()],
  [
    'key',
    new Map(Array.from({ length: 300 }, (_, at) => [`k${1000 + at}`, 'v'.repeat(at)] as const)),
  ],
  ['large', new Map([['one', 'x'.repeat(50_000)]])],
]);

test('a file cut short anywhere is refused', () => {
  const file = buildFile(SAMPLE);
  for (let bytes = 0; bytes < file.length; bytes += 509) {
    assert.throws(() => readFile(file.slice(0, bytes)), BboltError, `${bytes} bytes`);
  }
});

test('with one meta page damaged the other serves; with both the checksum is named', () => {
  const file = buildFile(SAMPLE);
  file[40] = (file[40] ?? 0) ^ 1;
  assert.deepEqual(readFile(file), SAMPLE);
  file[PAGE_BYTES + 40] = (file[PAGE_BYTES + 40] ?? 0) ^ 1;
  assert.throws(() => readFile(file), /checksum/);
});

test('another kind of file is named as such', () => {
  assert.throws(() => readFile(new Uint8Array(8192).fill(7)), /begins with 7070707/);
});

/** Ids of pages of a kind: 1 branch, 2 leaf. */
function pagesOfKind(file: Uint8Array, kind: number): number[] {
  const ids = Array.from({ length: file.length / PAGE_BYTES }, (_, id) => id);
  return ids.filter((id) => file[id * PAGE_BYTES] === id && file[id * PAGE_BYTES + 8] === kind);
}

test('a branch that leads back to itself, or twice to one leaf, is refused', () => {
  const good = buildFile(SAMPLE);
  const [branch = 0] = pagesOfKind(good, 1);
  const childAt = (index: number): number => branch * PAGE_BYTES + 16 + 16 * index + 8;
  const self = good.slice();
  self[childAt(0)] = branch;
  assert.throws(() => readFile(self), /cycle/);
  const twice = good.slice();
  twice[childAt(1)] = good[childAt(0)] ?? 0;
  assert.throws(() => readFile(twice), /does not follow/);
});

test('altered bytes give an error of the reader, or a file that reads on: never a crash', () => {
  const good = buildFile(SAMPLE);
  const prng = new Prng(7);
  for (let round = 0; round < 1000; round++) {
    const file = good.slice();
    for (let count = 1 + prng.below(3); count > 0; count--) {
      // Headers and elements are where damage bites.
      const page = prng.below(file.length / PAGE_BYTES);
      file[page * PAGE_BYTES + prng.below(prng.bool() ? 64 : PAGE_BYTES)] = prng.below(256);
    }
    try {
      readFile(file);
    } catch (error) {
      if (!(error instanceof BboltError)) throw error;
    }
  }
});
