/** Odd input, and what etcd 3.4.23's gateway makes of it; where we follow 3.7 or our own mind, it says so. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Code, StatusError } from '../../src/api/errors.ts';
import { decodeJson, encodeJson } from '../../src/api/json.ts';
import * as api from '../../src/api/messages.ts';
import type { MessageType } from '../../src/api/messages.ts';
import { MESSAGE_DEPTH_MAX, TXN_OPS_MAX } from '../../src/constants.ts';
import { encodeUtf8 } from '../../src/lib/utf8.ts';

const { MemberAddRequest, MemberRemoveRequest, PutRequest, RangeRequest, TxnRequest } = api;
const a = new Uint8Array([0x61]);

/** The message, as its own canonical JSON. */
function canonical<T extends object>(type: MessageType<T, T>, text: string): string {
  return encodeJson(type, decodeJson(type, text));
}

function refused(type: MessageType<object, never>, input: string | Uint8Array): string {
  try {
    decodeJson(type, input);
  } catch (error) {
    assert.ok(error instanceof StatusError);
    assert.equal(error.code, Code.InvalidArgument);
    return error.message;
  }
  throw new assert.AssertionError({ message: `accepted ${String(input)}` });
}

describe('decodeJson', () => {
  it('takes blanks and null for the empty message', () => {
    for (const text of ['', '  \n', 'null', '{}']) {
      assert.deepEqual(decodeJson(PutRequest, text), new PutRequest());
    }
  });

  it('reads the first value and leaves what follows alone', () => {
    for (const rest of ['garbage', ' {"key":"Yg=="}', '}', '   ']) {
      assert.deepEqual(decodeJson(PutRequest, `{"key":"YQ=="}${rest}`).key, a);
    }
  });

  it('takes the last of two members of one name', () => {
    assert.deepEqual(decodeJson(PutRequest, '{"key":"Yg==","key":"YQ=="}').key, a);
  });

  it('reads both spellings, and of the two the lowerCamel one', () => {
    const lease = '{"prevKv":true,"ignoreLease":true}';
    assert.equal(canonical(PutRequest, lease), '{"prev_kv":true,"ignore_lease":true}');
    const both = ['{"prev_kv":true,"prevKv":false}', '{"prevKv":false,"prev_kv":true}'];
    for (const text of both) assert.equal(decodeJson(PutRequest, text).prev_kv, false);
    assert.equal(decodeJson(PutRequest, '{"prev_kv":true,"prevKv":null}').prev_kv, false);
    assert.equal(canonical(MemberAddRequest, '{"peerURLs":["x"]}'), '{"peerURLs":["x"]}');
  });

  it('passes over names it does not know, whatever they hold', () => {
    const text =
      '{"key":"YQ==","KEY":1,"prev_KV":1,"x":{"y":[1,{"z":"\\ud800"}]},"__proto__":{"lease":1},"n":1e999}';
    assert.equal(canonical(PutRequest, text), '{"key":"YQ=="}');
  });

  it('takes null for unset, in lists for zero', () => {
    const text = '{"key":null,"lease":null,"prev_kv":null}';
    assert.deepEqual(decodeJson(PutRequest, text), new PutRequest());
    assert.equal(decodeJson(RangeRequest, '{"sort_order":null}').sort_order, 0);
    assert.deepEqual(decodeJson(TxnRequest, '{"success":null}').success, []);
    assert.deepEqual(decodeJson(MemberAddRequest, '{"peerURLs":[null]}').peerURLs, ['']);
    // etcd 3.4 drops the connection on this one.
    const [op] = decodeJson(TxnRequest, '{"success":[null]}').success;
    assert.deepEqual(op, new api.RequestOp());
    const [unset] = decodeJson(TxnRequest, '{"success":[{"requestRange":null}]}').success;
    assert.deepEqual(unset, new api.RequestOp());
  });

  it('tells a member of a oneof that is zero from one that is not set', () => {
    const text = '{"compare":[{"version":0},{"version":null},{"value":""}]}';
    const [zero, unset, empty] = decodeJson(TxnRequest, text).compare;
    assert.equal(zero?.version?.toNumber(), 0);
    assert.equal(unset?.version, null);
    assert.equal(empty?.value?.length, 0);
  });

  it('refuses two members of one oneof: etcd 3.4 takes one by chance, 3.7 refuses', () => {
    assert.equal(
      refused(TxnRequest, '{"success":[{"requestRange":{},"request_put":{}}]}'),
      'oneof etcdserverpb.RequestOp.request is given twice: as request_range and as request_put',
    );
    refused(TxnRequest, '{"compare":[{"version":0,"mod_revision":2}]}');
  });

  it('reads 64-bit integers exactly, as numbers and as strings', () => {
    const values = [0n, -1n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)];
    for (const value of values) {
      for (const text of [`{"lease":${value}}`, `{"lease":"${value}"}`, `{"lease":" ${value} "}`]) {
        assert.equal(api.toBigInt(decodeJson(PutRequest, text).lease), value, text);
      }
    }
    const id = decodeJson(MemberRemoveRequest, '{"ID":18446744073709551615}').ID;
    assert.equal(id.toString(), '18446744073709551615');
    for (const text of ['-0', '"-0"', '"null"', 'null']) {
      assert.equal(decodeJson(PutRequest, `{"lease":${text}}`).lease.toString(), '0');
    }
  });

  it('reads whole numbers in other notations, as 3.7 does and 3.4 does not', () => {
    for (const text of ['1.0', '1e0', '"1.0"', '10e-1']) {
      assert.equal(decodeJson(PutRequest, `{"lease":${text}}`).lease.toString(), '1');
    }
  });

  it('reads enums by name and by number, unknown numbers too', () => {
    const orderOf = (text: string): number =>
      decodeJson(RangeRequest, `{"sortOrder":${text}}`).sort_order;
    assert.equal(orderOf('"DESCEND"'), 2);
    assert.equal(orderOf('2'), 2);
    assert.equal(orderOf('99'), 99);
    assert.equal(orderOf('-1'), -1);
  });

  it('reads bytes in either alphabet, padded or not, as 3.7 does', () => {
    const keyOf = (text: string): Uint8Array => decodeJson(PutRequest, `{"key":"${text}"}`).key;
    assert.deepEqual(keyOf('YQ'), a);
    assert.deepEqual(keyOf('\\u0059Q=='), a);
    assert.deepEqual(keyOf('YQ\\n=='), a);
    assert.deepEqual(keyOf('-_-_'), new Uint8Array([0xfb, 0xff, 0xbf]));
    assert.deepEqual(keyOf('+/+/'), new Uint8Array([0xfb, 0xff, 0xbf]));
  });

  it('makes lone surrogates replacement characters', () => {
    const { name } = decodeJson(api.AuthUserAddRequest, '{"name":"\\ud800"}');
    assert.equal(name, '\ufffd');
  });

  it('refuses bytes that are not UTF-8; etcd 3.4 replaces them in silence', () => {
    const input = new Uint8Array([...encodeUtf8('{"name":"'), 0xff, 0x22, 0x7d]);
    assert.equal(refused(api.AuthUserAddRequest, input), 'invalid UTF-8 in JSON input');
  });

  it('reads transactions as deep as etcd allows and a little deeper', () => {
    const nested = (levels: number): string =>
      '{"success":[{"request_txn":'.repeat(levels) + '{}' + '}]}'.repeat(levels);
    decodeJson(TxnRequest, nested(TXN_OPS_MAX + 1));
    const message = `messages nested deeper than ${MESSAGE_DEPTH_MAX} levels`;
    assert.equal(refused(TxnRequest, nested(MESSAGE_DEPTH_MAX)), message);
    refused(TxnRequest, nested(100_000));
    refused(TxnRequest, '{"x":'.repeat(100_000));
  });

  const errors: readonly (readonly [MessageType<object, never>, string, string])[] = [
    [PutRequest, '{', 'unexpected EOF'],
    [PutRequest, '{"key":"YQ==', 'unexpected EOF'],
    [PutRequest, '{"key":nul', 'unexpected EOF'],
    [PutRequest, '{"key":1', 'unexpected EOF'],
    [PutRequest, '-', 'unexpected EOF'],
    [PutRequest, '}', "invalid character '}' looking for beginning of value"],
    [PutRequest, '{"key":tru}', "invalid character '}' in literal true (expecting 'e')"],
    [PutRequest, '{"lease":01}', "invalid character '1' after object key:value pair"],
    [PutRequest, '{"lease":NaN}', "invalid character 'N' looking for beginning of value"],
    [PutRequest, '[]', unmarshal('array', 'map[string]json.RawMessage')],
    [PutRequest, '1', unmarshal('number', 'map[string]json.RawMessage')],
    [PutRequest, '"a"', unmarshal('string', 'map[string]json.RawMessage')],
    [PutRequest, '{"key":1}', unmarshal('number', '[]uint8')],
    [PutRequest, '{"key":true}', unmarshal('bool', '[]uint8')],
    [PutRequest, '{"key":{}}', unmarshal('object', '[]uint8')],
    // etcd 3.4 reads [97,98] as two bytes, 3.7 does not.
    [PutRequest, '{"key":[97,98]}', unmarshal('array', '[]uint8')],
    [PutRequest, '{"key":"Y Q="}', 'illegal base64 data at input byte 1'],
    [PutRequest, '{"prev_kv":"true"}', unmarshal('string', 'bool')],
    [PutRequest, '{"prev_kv":1}', unmarshal('number', 'bool')],
    [PutRequest, '{"lease":1.5}', unmarshal('number 1.5', 'int64')],
    [PutRequest, '{"lease":"1.5"}', unmarshal('number 1.5', 'int64')],
    [PutRequest, '{"lease":1e99}', unmarshal('number 1e99', 'int64')],
    [PutRequest, '{"lease":true}', unmarshal('bool', 'int64')],
    [PutRequest, '{"lease":"true"}', unmarshal('bool', 'int64')],
    [PutRequest, '{"lease":[]}', unmarshal('array', 'int64')],
    [PutRequest, '{"lease":{}}', unmarshal('object', 'int64')],
    [PutRequest, '{"lease":""}', 'unexpected end of JSON input'],
    [PutRequest, '{"lease":"00"}', "invalid character '0' after top-level value"],
    [PutRequest, '{"lease":"0x1"}', "invalid character 'x' after top-level value"],
    [PutRequest, '{"lease":"abc"}', "invalid character 'a' looking for beginning of value"],
    [PutRequest, '{"lease":9223372036854775808}', tooLarge('9223372036854775808', 'int64')],
    [PutRequest, '{"lease":"-9223372036854775809"}', tooLarge('-9223372036854775809', 'int64')],
    [MemberRemoveRequest, '{"ID":-1}', tooLarge('-1', 'uint64')],
    [
      MemberRemoveRequest,
      '{"ID":18446744073709551616}',
      tooLarge('18446744073709551616', 'uint64'),
    ],
    [api.HashResponse, '{"hash":4294967296}', tooLarge('4294967296', 'uint32')],
    [RangeRequest, '{"sort_order":"ascend"}', unknownOrder('ascend')],
    [RangeRequest, '{"sort_order":"1"}', unknownOrder('1')],
    [RangeRequest, '{"sort_order":1.5}', unmarshal('number 1.5', SORT_ORDER())],
    [RangeRequest, '{"sort_order":99999999999}', tooLarge('99999999999', SORT_ORDER())],
    [RangeRequest, '{"sort_order":true}', unmarshal('bool', SORT_ORDER())],
    [api.AlarmRequest, '{"alarm":"X"}', 'unknown value "X" for enum etcdserverpb.AlarmType'],
    [TxnRequest, '{"success":{}}', unmarshal('object', '[]json.RawMessage')],
    [TxnRequest, '{"success":"x"}', unmarshal('string', '[]json.RawMessage')],
    [TxnRequest, '{"success":[1]}', unmarshal('number', 'map[string]json.RawMessage')],
    [MemberAddRequest, '{"peerURLs":"x"}', unmarshal('string', '[]json.RawMessage')],
    [MemberAddRequest, '{"peerURLs":[1]}', unmarshal('number', 'string')],
  ];
  for (const [type, text, message] of errors) {
    it(`refuses ${text}: ${message}`, () => {
      assert.equal(refused(type, text), message);
    });
  }

  it('gives a message or InvalidArgument for any text', () => {
    const word = fc.constantFrom(
      ...['{', '}', '[', ']', ',', ':', '"key":', '"success":[', '"request_txn":{', '"compare":'],
      ...['"lease":', '"YQ=="', '1', '-1', '1e400', '"1"', 'null', 'true', '"sort_order":', '\\'],
      ...['"requestPut":{', '"version":', '99999999999999999999', ' ', '"', '\u0000', 'é'],
    );
    const input = fc.oneof(
      fc.array(word, { maxLength: 25 }).map((words) => words.join('')),
      fc.json(),
    );
    fc.assert(
      fc.property(fc.constantFrom(PutRequest, RangeRequest, TxnRequest), input, (type, text) => {
        try {
          decodeJson<object>(type, text);
        } catch (error) {
          assert.ok(error instanceof StatusError, String(error));
          assert.equal(error.code, Code.InvalidArgument);
        }
      }),
      { numRuns: 5000 },
    );
  });
});

function unmarshal(kind: string, goType: string): string {
  return `json: cannot unmarshal ${kind} into Go value of type ${goType}`;
}

function tooLarge(number: string, goType: string): string {
  return unmarshal(`number ${number}`, goType);
}

function SORT_ORDER(): string {
  return 'etcdserverpb.RangeRequest_SortOrder';
}

function unknownOrder(name: string): string {
  return `unknown value "${name}" for enum ${SORT_ORDER()}`;
}
