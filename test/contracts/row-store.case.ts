/**
 * The contract of every RowStore, case by case. Each case gets a store that nobody wrote to. Runs in
 * Node and inside workerd.
 */
import assert from 'node:assert/strict';
import { ROW_BYTES_MAX } from '../../src/constants.ts';
import { RowTooBigError } from '../../src/lib/row-store.ts';
import type { RowStore } from '../../src/lib/row-store.ts';

export interface RowStoreCase {
  readonly name: string;
  readonly run: (store: RowStore) => void;
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const NONE = bytes();

/** Ids of a listing, for short expectations. */
const ids = (rows: readonly { readonly id: number }[]): number[] => rows.map((row) => row.id);

function fill(store: RowStore, table: string, from: number, to: number, step: number): void {
  for (let id = from; id <= to; id += step) store.put(table, id, bytes(id), bytes(id, id));
}

export const ROW_STORE_CASES: readonly RowStoreCase[] = [
  {
    name: 'a table nobody wrote to is empty and does not exist',
    run(store) {
      assert.equal(store.get('t', 1), undefined);
      assert.equal(store.floor('t', 1), undefined);
      assert.equal(store.ceiling('t', 1), undefined);
      assert.deepEqual(store.heads('t', 0, 9, 9), []);
      assert.deepEqual(store.rows('t', 0, 9, 9), []);
      store.delete('t', 1);
      store.deleteRange('t', 0, 9);
      store.drop('t');
      assert.deepEqual(store.tables(), []);
    },
  },
  {
    name: 'put inserts and replaces; head and data come back as written',
    run(store) {
      store.put('t', 7, bytes(1, 0, 255), bytes(2));
      assert.deepEqual(store.get('t', 7), { id: 7, head: bytes(1, 0, 255), data: bytes(2) });
      store.put('t', 7, NONE, NONE);
      assert.deepEqual(store.get('t', 7), { id: 7, head: NONE, data: NONE });
      assert.equal(store.rows('t', 0, 10, 10).length, 1);
    },
  },
  {
    name: 'bytes are copied in and out, also from the middle of a larger buffer',
    run(store) {
      const buffer = bytes(9, 1, 2, 3, 9);
      store.put('t', 1, buffer.subarray(1, 2), buffer.subarray(2, 4));
      buffer.fill(0);
      const read = store.get('t', 1);
      assert.deepEqual(read, { id: 1, head: bytes(1), data: bytes(2, 3) });
      read.data.fill(0);
      assert.deepEqual(store.get('t', 1)?.data, bytes(2, 3));
    },
  },
  {
    name: 'ids reach from 0 to the greatest safe integer, exactly',
    run(store) {
      const last = Number.MAX_SAFE_INTEGER;
      for (const id of [last, last - 1, 2 ** 32, 0]) store.put('t', id, bytes(id % 251), NONE);
      assert.deepEqual(ids(store.heads('t', 0, last, 9)), [0, 2 ** 32, last - 1, last]);
      assert.deepEqual(store.get('t', last - 1)?.head, bytes((last - 1) % 251));
      assert.equal(store.floor('t', last - 2)?.id, 2 ** 32);
    },
  },
  {
    name: 'ids that are no safe integer >= 0 are refused',
    run(store) {
      for (const id of [-1, 0.5, NaN, 2 ** 53]) {
        assert.throws(() => store.put('t', id, NONE, NONE), RangeError);
      }
    },
  },
  {
    name: 'floor and ceiling find the neighbour or the row itself',
    run(store) {
      fill(store, 't', 10, 30, 10);
      assert.equal(store.floor('t', 9), undefined);
      assert.equal(store.floor('t', 10)?.id, 10);
      assert.deepEqual(store.floor('t', 29), { id: 20, head: bytes(20), data: bytes(20, 20) });
      assert.equal(store.floor('t', 1000)?.id, 30);
      assert.equal(store.ceiling('t', 0)?.id, 10);
      assert.equal(store.ceiling('t', 11)?.id, 20);
      assert.equal(store.ceiling('t', 30)?.id, 30);
      assert.equal(store.ceiling('t', 31), undefined);
    },
  },
  {
    name: 'listings are ascending, bounded on both sides, and limited',
    run(store) {
      for (const id of [5, 1, 4, 2, 3]) store.put('t', id, bytes(id), bytes(id, id));
      assert.deepEqual(ids(store.rows('t', 2, 4, 10)), [2, 3, 4]);
      assert.deepEqual(ids(store.heads('t', 2, 9, 2)), [2, 3]);
      assert.deepEqual(ids(store.heads('t', 0, 9, Infinity)), [1, 2, 3, 4, 5]);
      assert.deepEqual(store.heads('t', 3, 3, 1), [{ id: 3, head: bytes(3) }]);
      assert.deepEqual(store.rows('t', 3, 3, 1), [{ id: 3, head: bytes(3), data: bytes(3, 3) }]);
      assert.deepEqual(store.rows('t', 4, 3, 9), []);
      assert.deepEqual(store.rows('t', 0, 9, 0), []);
    },
  },
  {
    name: 'delete and deleteRange remove what they name and nothing else',
    run(store) {
      fill(store, 't', 1, 9, 1);
      fill(store, 'u', 1, 3, 1);
      store.delete('t', 5);
      store.delete('t', 100);
      store.deleteRange('t', 7, 8);
      assert.deepEqual(ids(store.heads('t', 0, 99, 99)), [1, 2, 3, 4, 6, 9]);
      assert.deepEqual(ids(store.heads('u', 0, 99, 99)), [1, 2, 3]);
    },
  },
  {
    name: 'drop removes a table, and it may come again',
    run(store) {
      fill(store, 't', 1, 3, 1);
      fill(store, 'u', 1, 3, 1);
      assert.deepEqual(store.tables(), ['t', 'u']);
      store.drop('t');
      assert.deepEqual(store.tables(), ['u']);
      assert.equal(store.get('t', 1), undefined);
      store.put('t', 2, NONE, NONE);
      assert.deepEqual(ids(store.heads('t', 0, 9, 9)), [2]);
    },
  },
  {
    name: 'names that are no table names are refused',
    run(store) {
      for (const name of ['', 'T', '1a', 'a b', 'a"b', 'a;drop', 'x'.repeat(65)]) {
        assert.throws(() => store.get(name, 1), RangeError, `name ${name}`);
        assert.throws(() => store.put(name, 1, NONE, NONE), RangeError, `name ${name}`);
      }
    },
  },
  {
    name: 'a row of the greatest size is kept, one byte more is refused',
    run(store) {
      const data = new Uint8Array(ROW_BYTES_MAX - 1);
      data[data.length - 1] = 77;
      store.put('t', 1, bytes(1), data);
      assert.equal(store.get('t', 1)?.data[data.length - 1], 77);
      assert.throws(() => store.put('t', 1, bytes(1, 2), data), RowTooBigError);
      assert.deepEqual(store.get('t', 1)?.head, bytes(1));
    },
  },
  {
    name: 'atomically returns its result and keeps its writes',
    run(store) {
      assert.equal(
        store.atomically(() => {
          store.put('t', 1, NONE, NONE);
          return 42;
        }),
        42,
      );
      assert.deepEqual(ids(store.heads('t', 0, 9, 9)), [1]);
    },
  },
  {
    name: 'atomically undoes everything when its function throws',
    run(store) {
      fill(store, 't', 1, 5, 1);
      const failure = new Error('changed my mind');
      assert.throws(
        () =>
          store.atomically(() => {
            store.put('t', 1, bytes(0), NONE);
            store.put('t', 9, NONE, NONE);
            store.delete('t', 2);
            store.deleteRange('t', 3, 4);
            store.put('fresh', 1, NONE, NONE);
            assert.deepEqual(ids(store.heads('t', 0, 99, 99)), [1, 5, 9]);
            throw failure;
          }),
        failure,
      );
      assert.deepEqual(ids(store.heads('t', 0, 99, 99)), [1, 2, 3, 4, 5]);
      assert.deepEqual(store.get('t', 1)?.head, bytes(1));
      assert.deepEqual(store.tables(), ['t']);
      store.put('fresh', 2, NONE, NONE);
      assert.deepEqual(ids(store.heads('fresh', 0, 9, 9)), [2]);
    },
  },
  {
    name: 'atomically brings back a dropped table',
    run(store) {
      fill(store, 't', 1, 3, 1);
      assert.throws(() =>
        store.atomically(() => {
          store.drop('t');
          store.put('t', 8, NONE, NONE);
          throw new Error('no');
        }),
      );
      assert.deepEqual(ids(store.heads('t', 0, 9, 9)), [1, 2, 3]);
      assert.deepEqual(store.tables(), ['t']);
    },
  },
  {
    name: 'atomically nests: an inner failure undoes the inner writes alone',
    run(store) {
      store.atomically(() => {
        store.put('t', 1, NONE, NONE);
        assert.throws(() =>
          store.atomically(() => {
            store.put('t', 2, NONE, NONE);
            throw new Error('inner');
          }),
        );
        store.atomically(() => {
          store.put('t', 3, NONE, NONE);
        });
      });
      assert.deepEqual(ids(store.heads('t', 0, 9, 9)), [1, 3]);
      assert.throws(() =>
        store.atomically(() => {
          store.atomically(() => {
            store.put('t', 4, NONE, NONE);
          });
          throw new Error('outer');
        }),
      );
      assert.deepEqual(ids(store.heads('t', 0, 9, 9)), [1, 3]);
    },
  },
  {
    name: 'atomically refuses an async function and undoes what it did',
    run(store) {
      store.put('t', 1, NONE, NONE);
      assert.throws(() => {
        // The promise is the mistake under test: it is refused, so nobody is left to wait for it.
        void store.atomically(async () => {
          store.put('t', 2, NONE, NONE);
          await Promise.resolve();
        });
      }, TypeError);
      assert.deepEqual(ids(store.heads('t', 0, 9, 9)), [1]);
    },
  },
  {
    name: 'the size in bytes grows with what is stored',
    run(store) {
      const before = store.sizeBytes();
      for (let id = 0; id < 10; id++) store.put('t', id, NONE, new Uint8Array(100_000));
      assert.ok(store.sizeBytes() - before >= 1_000_000);
    },
  },
];
