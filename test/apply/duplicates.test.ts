import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { TxnRequest, type RequestOpInput, type TxnRequestInput } from '../../src/api/messages.ts';
import { refuseDuplicateKeys } from '../../src/apply/duplicates.ts';
import { KeyIntervals } from '../../src/apply/intervals.ts';
import { DeleteRangeRequest } from '../../src/api/messages.ts';
import { decoded, put, range, remove } from './harness.ts';

const puts = (...keys: string[]): RequestOpInput[] =>
  keys.map((key) => ({ request_put: put(key) }));
const deletes = (key: string, end = ''): RequestOpInput => ({
  request_delete_range: remove(key, end),
});
const txn = (success: RequestOpInput[], failure: RequestOpInput[] = []): RequestOpInput => ({
  request_txn: { success, failure },
});

function isRefused(request: TxnRequestInput): boolean {
  try {
    refuseDuplicateKeys(decoded(TxnRequest, request));
    return false;
  } catch (error) {
    assert.equal((error as Error).message, 'etcdserver: duplicate key given in txn request');
    return true;
  }
}

describe('duplicate keys (rule T5)', () => {
  const cases: [what: string, ops: RequestOpInput[], refused: boolean][] = [
    ['different keys', puts('a', 'b'), false],
    ['the same key twice', puts('a', 'b', 'a'), true],
    ['a put and its deletion', [...puts('a'), deletes('a')], true],
    ['the deletion first', [deletes('a'), ...puts('a')], true],
    ['a put inside a deleted range', [deletes('a', 'c'), ...puts('b')], true],
    ['a put at the end of a deleted range', [deletes('a', 'c'), ...puts('c')], false],
    ['a put before a deleted range', [deletes('b', 'c'), ...puts('a')], false],
    ['deletions that overlap', [deletes('a', 'c'), deletes('b'), deletes('a', 'd')], false],
    ['ranges of what is written', [{ request_range: range('a') }, ...puts('a')], false],
    ['a put beside a reversed deletion', [deletes('c', 'a'), ...puts('b')], false],
    // etcd takes the zero byte for an ordinary end, below every key.
    ['a put under an open-ended deletion', [deletes('a', '\0'), ...puts('b')], false],
    ['a nested put of the same key', [...puts('a'), txn(puts('a'))], true],
    ['a nested put in the other branch', [...puts('a'), txn([], puts('a'))], true],
    ['one key in both branches of one nested', [txn(puts('a'), puts('a'))], false],
    ['one key in two nested siblings', [txn(puts('a')), txn(puts('a'))], true],
    ['in unlike branches of two siblings', [txn(puts('a')), txn([], puts('a'))], true],
    ['a nested put under a deletion above', [txn(puts('b')), deletes('a', 'c')], true],
    ['a put above under a nested deletion', [txn([deletes('a', 'c')]), ...puts('b')], true],
    ['a deletion and a put in unlike branches', [txn([deletes('a')], puts('a'))], false],
    ['a sibling deletion before the put', [txn([deletes('a')]), txn(puts('a'))], true],
    // etcd's order of checking lets this one pass.
    ['a sibling deletion after the put', [txn(puts('a')), txn([deletes('a')])], false],
    ['two levels down', [...puts('a'), txn([txn(puts('a'))])], true],
  ];
  for (const [what, ops, refused] of cases) {
    it(`T5: ${what}: ${refused ? 'refused' : 'fine'}`, () => {
      assert.equal(isRefused({ success: ops }), refused);
    });
    it(`T5: ${what}, in the failure branch: ${refused ? 'refused' : 'fine'}`, () => {
      assert.equal(isRefused({ failure: ops }), refused);
    });
  }

  it('T5: the two branches of the outermost transaction may put the same key', () => {
    assert.equal(isRefused({ success: puts('a'), failure: [...puts('a')] }), false);
  });

  it('a large tree is checked in little time', () => {
    const leaf = (at: string): RequestOpInput[] =>
      Array.from({ length: 42 }, (_, key) =>
        key % 2 === 0 ? deletes(`d${at}.${key}`) : { request_put: put(`p${at}.${key}`) },
      );
    const middle = (at: number): RequestOpInput[] =>
      Array.from({ length: 42 }, (_, index) => txn(leaf(`${at}.${index}`)));
    const ops = Array.from({ length: 42 }, (_, index) => txn(middle(index)));
    assert.equal(isRefused({ success: ops }), false);
  });
});

describe('key intervals', () => {
  const key = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 3 });
  const end = fc.oneof(fc.constant(''), key);
  const lists = fc.array(fc.array(fc.tuple(key, end), { maxLength: 6 }), { maxLength: 4 });

  it('holds a key exactly if one of its intervals does (against a list)', () => {
    fc.assert(
      fc.property(lists, key, (parts, probe) => {
        const set = new KeyIntervals();
        for (const part of parts) {
          set.add(
            KeyIntervals.of(
              part.map(([from, to]) => decoded(DeleteRangeRequest, remove(from, to))),
            ),
          );
        }
        const expected = parts
          .flat()
          .some(([from, to]) => (to === '' ? probe === from : probe >= from && probe < to));
        assert.equal(set.has(probe), expected);
      }),
    );
  });
});
