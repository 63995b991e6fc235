import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ROW_STORE_CASES } from '../contracts/row-store.case.ts';
import { MemoryRowStore } from './memory-row-store.ts';

const NONE = new Uint8Array(0);
const content = (store: MemoryRowStore): unknown =>
  store.tables().map((table) => [table, store.rows(table, 0, Number.MAX_SAFE_INTEGER, Infinity)]);

describe('MemoryRowStore keeps the contract of RowStore', () => {
  for (const { name, run } of ROW_STORE_CASES) it(name, () => run(new MemoryRowStore()));
});

describe('MemoryRowStore', () => {
  it('loses exactly what was not durable in a crash', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('put'), table: fc.constantFrom('a', 'b'), id: fc.nat(5) }),
      fc.record({ kind: fc.constant('delete'), table: fc.constantFrom('a', 'b'), id: fc.nat(5) }),
      fc.record({
        kind: fc.constant('drop'),
        table: fc.constantFrom('a', 'b'),
        id: fc.constant(0),
      }),
      fc.record({ kind: fc.constant('sync'), table: fc.constant('a'), id: fc.constant(0) }),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const store = new MemoryRowStore();
        let durable: unknown = [];
        let size = 0;
        let count = 0;
        for (const { kind, table, id } of steps) {
          if (kind === 'put') store.put(table, id, Uint8Array.of(count++), new Uint8Array(id));
          else if (kind === 'delete') store.delete(table, id);
          else if (kind === 'drop') store.drop(table);
          else {
            store.sync();
            durable = content(store);
            size = store.sizeBytes();
          }
        }
        const reopened = store.crash();
        assert.deepEqual(content(reopened), durable);
        assert.equal(reopened.sizeBytes(), size);
        assert.throws(() => store.get('a', 1), /crashed/);
      }),
    );
  });

  it('asks its fault hook before a statement, which is not done if the hook throws', () => {
    const store = new MemoryRowStore({
      beforeStatement: (statement, table, id) => {
        if (statement === 'put' && id === 2) throw new Error(`no ${statement} in ${table}`);
      },
    });
    store.put('t', 1, NONE, NONE);
    assert.throws(() => store.put('t', 2, NONE, NONE), /no put in t/);
    assert.equal(store.get('t', 2), undefined);
  });

  it('flips one bit, of the head or of the data', () => {
    const store = new MemoryRowStore();
    store.put('t', 1, Uint8Array.of(0), Uint8Array.of(0, 0));
    store.flipBit('t', 1, 0);
    store.flipBit('t', 1, 17);
    assert.deepEqual(store.get('t', 1), {
      id: 1,
      head: Uint8Array.of(1),
      data: Uint8Array.of(0, 2),
    });
    assert.throws(() => store.flipBit('t', 1, 24), RangeError);
  });

  it('forks into independent copies', () => {
    const store = new MemoryRowStore();
    store.put('t', 1, NONE, NONE);
    const twin = store.fork();
    twin.put('t', 2, NONE, NONE);
    store.delete('t', 1);
    assert.equal(store.get('t', 2), undefined);
    assert.notEqual(twin.get('t', 1), undefined);
  });

  it('counts rows read and written', () => {
    const store = new MemoryRowStore();
    store.put('t', 1, NONE, NONE);
    store.put('t', 2, NONE, NONE);
    store.rows('t', 0, 9, 9);
    store.delete('t', 9);
    store.get('t', 9);
    assert.deepEqual([store.rowsRead, store.rowsWritten], [2, 2]);
  });
});
