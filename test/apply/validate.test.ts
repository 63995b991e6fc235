import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StatusError } from '../../src/api/errors.ts';
import {
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  TxnRequest,
  type RequestOpInput,
  type TxnRequestInput,
} from '../../src/api/messages.ts';
import {
  validateDeleteRange,
  validateMessageBytes,
  validatePut,
  validateRange,
  validateRangeStream,
  validateRequestBytes,
  validateTxn,
} from '../../src/apply/validate.ts';
import { MESSAGE_BYTES_MAX, REQUEST_BYTES_MAX, TXN_OPS_MAX } from '../../src/constants.ts';
import { decoded, put, range, remove } from './harness.ts';

/** Text of the error, without its prefix; undefined if there is none. */
function refusal(run: () => void): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof StatusError);
    return error.message.replace('etcdserver: ', '');
  }
}

const NO_KEY = 'key is not provided';
const BAD_SORT = 'invalid sort option';
const TOO_MANY = 'too many operations in txn request';
const EMPTY_OP = 'key not found';

function txn(input: TxnRequestInput): string | undefined {
  return refusal(() => validateTxn(decoded(TxnRequest, input)));
}

function ops(count: number): RequestOpInput[] {
  return Array.from({ length: count }, () => ({ request_range: range('a') }));
}

function nested(levels: number, innermost: TxnRequestInput): TxnRequestInput {
  return levels === 0 ? innermost : { success: [{ request_txn: nested(levels - 1, innermost) }] };
}

describe('validation of single requests', () => {
  const ranges: [what: string, request: ReturnType<typeof range>, refused: string | undefined][] = [
    ['a key', range('a'), undefined],
    ['no key', range(''), NO_KEY],
    ['a range without a key', range('', '\0'), NO_KEY],
    ['the zero byte', range('\0', '\0'), undefined],
    ['an unknown order', range('a', '', { sort_order: 3 }), BAD_SORT],
    ['a negative order', range('a', '', { sort_order: -1 }), BAD_SORT],
    ['an unknown target', range('a', '', { sort_target: 5 }), BAD_SORT],
    ['no key and an unknown order (G1: the key first)', range('', '', { sort_order: 3 }), NO_KEY],
  ];
  for (const [what, request, refused] of ranges) {
    it(`range of ${what}: ${refused ?? 'fine'}`, () => {
      const message = decoded(RangeRequest, request);
      assert.equal(
        refusal(() => validateRange(message)),
        refused,
      );
      assert.equal(
        refusal(() => validateRangeStream(message)),
        refused,
      );
    });
  }

  const streams: [what: string, request: ReturnType<typeof range>, refused: string | undefined][] =
    [
      ['ascending keys', range('a', '', { sort_order: 1 }), undefined],
      ['a target without order', range('a', '', { sort_target: 3 }), undefined],
      [
        'descending keys',
        range('a', '', { sort_order: 2 }),
        'RangeStream does not support custom sort orders',
      ],
      [
        'ascending values',
        range('a', '', { sort_order: 1, sort_target: 4 }),
        'RangeStream does not support custom sort orders',
      ],
      [
        'a revision bound',
        range('a', '', { max_mod_revision: 4 }),
        'RangeStream does not support revision filters',
      ],
    ];
  for (const [what, request, refused] of streams) {
    it(`G13: stream of ${what}: ${refused ?? 'fine'}`, () => {
      const message = decoded(RangeRequest, request);
      assert.equal(
        refusal(() => validateRangeStream(message)),
        refused,
      );
    });
  }

  const puts: [what: string, request: ReturnType<typeof put>, refused: string | undefined][] = [
    ['a key', put('a'), undefined],
    ['no key', put('', 'x', { ignore_value: true }), NO_KEY],
    ['a value to be ignored', put('a', 'x', { ignore_value: true }), 'value is provided'],
    ['a lease to be ignored', put('a', '', { ignore_lease: true, lease: 1n }), 'lease is provided'],
    [
      'both (the value first)',
      put('a', 'x', { ignore_value: true, ignore_lease: true, lease: 1n }),
      'value is provided',
    ],
    ['neither', put('a', '', { ignore_value: true, ignore_lease: true }), undefined],
  ];
  for (const [what, request, refused] of puts) {
    it(`P2: put with ${what}: ${refused ?? 'fine'}`, () => {
      assert.equal(
        refusal(() => validatePut(decoded(PutRequest, request))),
        refused,
      );
    });
  }

  it('deletion without a key is refused', () => {
    const message = decoded(DeleteRangeRequest, remove('', '\0'));
    assert.equal(
      refusal(() => validateDeleteRange(message)),
      NO_KEY,
    );
    assert.equal(
      refusal(() => validateDeleteRange(decoded(DeleteRangeRequest, remove('a')))),
      undefined,
    );
  });

  it('P7: the encoded request may have 1.5 MiB, the message on the wire 512 KiB more', () => {
    assert.equal(REQUEST_BYTES_MAX, 1_572_864);
    assert.equal(
      refusal(() => validateRequestBytes(REQUEST_BYTES_MAX)),
      undefined,
    );
    assert.equal(
      refusal(() => validateRequestBytes(REQUEST_BYTES_MAX + 1)),
      'request is too large',
    );
    assert.equal(
      refusal(() => validateMessageBytes(MESSAGE_BYTES_MAX)),
      undefined,
    );
    assert.equal(
      refusal(() => validateMessageBytes(MESSAGE_BYTES_MAX + 1)),
      'grpc: received message larger than max (2097153 vs. 2097152)',
    );
  });
});

describe('validation of transactions (rules T3, T4)', () => {
  it('T3: 128 of each are allowed, 129 of any are not', () => {
    const compare = Array.from({ length: TXN_OPS_MAX }, () => ({ key: Uint8Array.of(1) }));
    assert.equal(txn({ compare, success: ops(128), failure: ops(128) }), undefined);
    assert.equal(txn({ compare: [...compare, { key: Uint8Array.of(1) }] }), TOO_MANY);
    assert.equal(txn({ success: ops(129) }), TOO_MANY);
    assert.equal(txn({ failure: ops(129) }), TOO_MANY);
  });

  it('T3: a nested transaction has what its parents left', () => {
    const withNested = (outer: number, inner: number): TxnRequestInput => ({
      success: [...ops(outer - 1), { request_txn: { failure: ops(inner) } }],
    });
    assert.equal(txn(withNested(100, 28)), undefined);
    assert.equal(txn(withNested(100, 29)), TOO_MANY);
    assert.equal(txn(withNested(128, 0)), undefined);
    assert.equal(txn(withNested(128, 1)), TOO_MANY);
  });

  it('T3: the largest list of a level counts, also a list of compares', () => {
    const compare = Array.from({ length: 100 }, () => ({ key: Uint8Array.of(1) }));
    const inner = { request_txn: { success: ops(29) } };
    assert.equal(txn({ compare, success: [inner] }), TOO_MANY);
  });

  it('T3: 128 levels of one operation each, and an empty one below', () => {
    assert.equal(txn(nested(127, { success: ops(1) })), undefined);
    assert.equal(txn(nested(128, {})), undefined);
    assert.equal(txn(nested(128, { success: ops(1) })), TOO_MANY);
  });

  it('T4: an operation without a request is refused, in either branch and nested', () => {
    assert.equal(txn({ success: [{}] }), EMPTY_OP);
    assert.equal(txn({ failure: [{}] }), EMPTY_OP);
    assert.equal(txn(nested(2, { failure: [{}] })), EMPTY_OP);
  });

  const order: [what: string, request: TxnRequestInput, refused: string][] = [
    ['count before keys', { compare: [{}], success: ops(129) }, TOO_MANY],
    ['compares before operations', { compare: [{}], success: [{}] }, NO_KEY],
    ['success before failure', { success: [{ request_put: put('') }], failure: [{}] }, NO_KEY],
    [
      'operations before duplicates',
      { success: [{ request_put: put('a') }, { request_put: put('a') }], failure: [{}] },
      EMPTY_OP,
    ],
    [
      'an operation is checked like a request of its own',
      { success: [{ request_range: range('a', '', { sort_order: 9 }) }] },
      BAD_SORT,
    ],
  ];
  for (const [what, request, refused] of order) {
    it(`${what}: ${refused}`, () => assert.equal(txn(request), refused));
  }
});
