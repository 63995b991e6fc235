/** Goal: what is written is read back, and bytes that nobody wrote give an error, never nonsense or a hang. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ByteWriter, DecodeError } from '../../src/lib/binary.ts';
import { byteString } from '../../src/lib/bytes.ts';
import { emptyLeafEntry, fillLeafEntry, indexEntryOf } from '../../src/mvcc/leaf-entry.ts';
import { LeafCursor, LeafWriter } from '../../src/mvcc/leaf-page.ts';
import type { IndexEntry } from '../../src/mvcc/index-entry.ts';
import type { RevisionRecord } from '../../src/mvcc/revision-record.ts';
import {
  RECORD_OVERHEAD_BYTES_MAX,
  RecordCursor,
  writeRecord,
} from '../../src/mvcc/revision-record.ts';
import type { SnapshotPiece } from '../../src/mvcc/snapshot-page.ts';
import { SnapshotError, decodePiece, encodePiece } from '../../src/mvcc/snapshot-page.ts';

/** Objects as literals make them: deepEqual tells prototypes apart. */
function shape<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true });
}

const key = fc.uint8Array({ maxLength: 40 }).map(byteString);
const revision = fc.oneof(
  fc.integer({ min: 1, max: 300 }),
  fc.maxSafeNat().map((n) => Math.max(1, n)),
);
const lease = fc.oneof(fc.constant(0n), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));

/** A put or a tombstone at `modRevision`. */
function recordAt(modRevision: number): fc.Arbitrary<RevisionRecord> {
  const below = fc.maxSafeNat().map((n) => 1 + (n % modRevision));
  const common = {
    key,
    modRevision: fc.constant(modRevision),
    sub: fc.oneof(fc.constant(0), fc.nat()),
    previous: fc.option(shape({ modRevision: below, sub: fc.nat(3), valueLength: fc.nat() }), {
      nil: undefined,
    }),
  };
  return fc.oneof(
    shape({
      ...common,
      createRevision: below,
      version: fc.maxSafeNat().map((n) => Math.max(1, n)),
      lease,
      value: fc.uint8Array({ maxLength: 60 }),
    }),
    shape({
      ...common,
      createRevision: fc.constant(0),
      version: fc.constant(0),
      lease: fc.constant(0n),
      value: fc.constant(new Uint8Array(0)),
    }),
  );
}

const records = fc
  .array(revision, { maxLength: 8 })
  .chain((list) => fc.tuple(...list.sort((left, right) => left - right).map(recordAt)));

test('revision records: read back as they were written', () => {
  fc.assert(
    fc.property(records, (list) => {
      const writer = new ByteWriter();
      let before = 0;
      for (const record of list) {
        const start = writer.length;
        writeRecord(writer, new ByteWriter(), record, before);
        before = record.modRevision;
        const bytes = writer.length - start - record.key.length - record.value.length;
        assert.ok(bytes <= RECORD_OVERHEAD_BYTES_MAX, `${bytes} bytes besides key and value`);
      }
      const cursor = new RecordCursor(writer.finish(), 0);
      for (const record of list) {
        assert.ok(cursor.next());
        assert.deepEqual(cursor.record(), record);
      }
      assert.ok(!cursor.next());
    }),
  );
});

test('revision records: any bytes end in an error or at the end of the page', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expectDecodeError(() => {
        const cursor = new RecordCursor(bytes, 0);
        for (let count = 0; cursor.next(); count++) {
          assert.ok(count <= bytes.length);
          cursor.record();
        }
      });
      expectDecodeError(() => new RecordCursor(bytes, 0).find(5, 0));
    }),
    { numRuns: 2_000 },
  );
});

const indexEntry: fc.Arbitrary<IndexEntry> = revision.chain((modRevision) => {
  const common = { key, modRevision: fc.constant(modRevision), sub: fc.nat(2) };
  return fc.oneof(
    shape({
      ...common,
      createRevision: fc.maxSafeNat().map((n) => 1 + (n % modRevision)),
      version: fc.integer({ min: 1, max: 1000 }),
      lease,
      valueLength: fc.nat(),
    }),
    shape({
      ...common,
      createRevision: fc.constant(0),
      version: fc.constant(0),
      lease: fc.constant(0n),
      valueLength: fc.constant(0),
    }),
  );
});

/** Entries in a leaf's order, each key and revision once. */
const leafEntries = fc
  .uniqueArray(indexEntry, {
    maxLength: 60,
    selector: (entry) => `${entry.modRevision} ${entry.key}`,
  })
  .map((list) =>
    list.sort((left, right) =>
      left.key === right.key ? right.modRevision - left.modRevision : left.key < right.key ? -1 : 1,
    ),
  );

function leafOf(entries: readonly IndexEntry[]): Uint8Array {
  const writer = new LeafWriter(64);
  const flat = emptyLeafEntry();
  let before: string | undefined;
  for (const entry of entries) {
    fillLeafEntry(flat, entry);
    flat.older = entry.key === before;
    before = entry.key;
    writer.add(flat);
  }
  const { bytes } = writer;
  const page = writer.finish();
  assert.equal(page.length, bytes);
  return page;
}

test('leaves: read back as they were written', () => {
  fc.assert(
    fc.property(leafEntries, (entries) => {
      const cursor = new LeafCursor(leafOf(entries));
      let before: string | undefined;
      for (const entry of entries) {
        assert.ok(cursor.next());
        assert.deepEqual(indexEntryOf(cursor), entry);
        assert.equal(cursor.older, entry.key === before);
        before = entry.key;
      }
      assert.ok(!cursor.next());
    }),
  );
});

test('leaves: a search stops where walking all entries would', () => {
  fc.assert(
    fc.property(leafEntries, key, fc.nat(), revision, (entries, otherKey, pick, at) => {
      const page = leafOf(entries);
      const known = entries[pick % Math.max(1, entries.length)];
      for (const wanted of [otherKey, known?.key ?? '', `${known?.key ?? ''}\0`]) {
        for (const bound of [at, known?.modRevision ?? 0, 0, Infinity]) {
          const expected = entries.find(
            (entry) => entry.key > wanted || (entry.key === wanted && entry.modRevision <= bound),
          );
          const cursor = new LeafCursor(page);
          assert.equal(cursor.seek(wanted, bound), expected !== undefined);
          if (expected !== undefined) assert.deepEqual(indexEntryOf(cursor), expected);
        }
      }
    }),
  );
});

test('leaves: any bytes end in an error or at the end of the page', () => {
  const garbled = fc.tuple(
    leafEntries,
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
  );
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), garbled), key, (input, wanted) => {
      const bytes = input instanceof Uint8Array ? input : garble(leafOf(input[0]), input[1]);
      expectDecodeError(() => {
        const cursor = new LeafCursor(bytes);
        for (let count = 0; cursor.next(); count++) assert.ok(count <= bytes.length);
      });
      expectDecodeError(() => new LeafCursor(bytes).seek(wanted, 7));
    }),
    { numRuns: 2_000 },
  );
});

function garble(bytes: Uint8Array, changes: readonly (readonly [number, number])[]): Uint8Array {
  for (const [at, value] of changes) bytes[at % bytes.length] = value;
  return bytes;
}

const piece: fc.Arbitrary<SnapshotPiece> = fc.oneof(
  shape({
    kind: fc.constant('header' as const),
    revision,
    compactRevision: fc.oneof(fc.constant(-1), fc.nat()),
    liveBytes: fc.nat(),
    liveKeys: fc.nat(),
  }),
  shape({
    kind: fc.constant('logPage' as const),
    from: fc.nat(),
    id: fc.maxSafeNat(),
    firstSub: fc.nat(),
    records: fc.nat(),
    data: fc.uint8Array({ maxLength: 100 }),
  }),
  shape({ kind: fc.constant('footer' as const), from: fc.maxSafeNat() }),
);

test('snapshot pieces: read back as they were written, and not if a bit is flipped', () => {
  fc.assert(
    fc.property(piece, fc.nat(), (written, bit) => {
      const bytes = encodePiece(written);
      assert.deepEqual(decodePiece(bytes), written);
      const at = (bit >> 3) % bytes.length;
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7));
      assert.throws(() => decodePiece(bytes), SnapshotError);
    }),
  );
});

test('snapshot pieces: any bytes are refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      assert.throws(() => decodePiece(bytes), SnapshotError);
    }),
  );
});

/** Garbage may happen to decode; if not, it must be a DecodeError. */
function expectDecodeError(run: () => void): void {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof DecodeError, String(error));
  }
}
