import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import * as api from '../../src/api/messages.ts';
import type { MessageType } from '../../src/api/messages.ts';
import { MESSAGE_DEPTH_MAX, TXN_OPS_MAX } from '../../src/constants.ts';
import { arbitraryMessage } from '../support/arbitrary-message.ts';
import { reflectedTypes } from '../support/reflection.ts';

const types: Readonly<Record<string, MessageType>> = api.messageTypes;
const { PutRequest, RangeRequest, RequestOp, ResponseHeader, TxnRequest, WatchCreateRequest } = api;

describe('message classes', () => {
  it('are all there, under the names of the .proto files', () => {
    const names = reflectedTypes().map((type) => type.fullName.slice(1));
    assert.ok(names.length > 120);
    assert.deepEqual(Object.keys(types).sort(), names.sort());
    for (const [name, type] of Object.entries(types)) assert.equal(type.typeName, name);
  });

  for (const reflected of reflectedTypes()) {
    const name = reflected.fullName.slice(1);
    it(`${name} writes and reads the bytes that protobufjs does`, () => {
      const type = types[name];
      assert.ok(type);
      fc.assert(
        fc.property(arbitraryMessage(name), (message) => {
          const bytes = type.encode(message).finish();
          assert.deepEqual(bytes, plain(reflected.encode(message).finish()));
          const decoded = type.decode(bytes);
          assert.deepEqual(type.encode(decoded).finish(), bytes);
        }),
        { numRuns: 40 },
      );
    });
  }

  it('give every unset field its zero, so that all instances have one shape', () => {
    const request = RangeRequest.decode(new Uint8Array(0));
    assert.equal(request.key.length, 0);
    assert.equal(request.revision.toString(), '0');
    assert.equal(request.sort_order, 0);
    assert.equal(request.serializable, false);
    const op = RequestOp.decode(new Uint8Array(0));
    assert.deepEqual(Object.values(op), [null, null, null, null]);
    assert.deepEqual(Object.keys(request), Object.keys(new RangeRequest()));
  });

  it('write nothing for zeros, but write members of a oneof that are zero', () => {
    const zero = api.fromNumber(0);
    const put = { key: new Uint8Array(0), lease: zero, prev_kv: false };
    assert.equal(PutRequest.encode(put).finish().length, 0);
    const compare = api.Compare.encode({ version: 0, value: null }).finish();
    assert.equal(api.Compare.decode(compare).version?.toNumber(), 0);
    assert.equal(api.Compare.decode(new Uint8Array(0)).version, null);
  });

  it('take 64-bit integers as number, bigint or Long', () => {
    const header = { cluster_id: 2n ** 64n - 1n, revision: -7, raft_term: api.fromNumber(3) };
    const decoded = ResponseHeader.decode(ResponseHeader.encode(header).finish());
    assert.equal(decoded.cluster_id.toString(), '18446744073709551615');
    assert.equal(decoded.revision.toNumber(), -7);
    assert.equal(decoded.raft_term.toNumber(), 3);
    assert.throws(() => ResponseHeader.encode({ revision: 2 ** 53 }), RangeError);
    assert.throws(() => ResponseHeader.encode({ revision: 0.5 }), RangeError);
  });

  it('keep the last of several members of a oneof', () => {
    const range = RequestOp.encode({ request_range: { limit: 1 } }).finish();
    const put = RequestOp.encode({ request_put: { lease: 2 } }).finish();
    const op = RequestOp.decode(new Uint8Array([...range, ...put]));
    assert.equal(op.request_range, null);
    assert.equal(op.request_put?.lease.toNumber(), 2);
  });

  it('merge a message that comes in two parts, as protobuf asks', () => {
    const first = api.PutResponse.encode({ header: { revision: 5 } }).finish();
    const second = api.PutResponse.encode({ header: { raft_term: 6 } }).finish();
    const { header } = api.PutResponse.decode(new Uint8Array([...first, ...second]));
    assert.equal(header?.revision.toNumber(), 5);
    assert.equal(header.raft_term.toNumber(), 6);
  });

  it('read lists of enums packed and unpacked', () => {
    const packed = WatchCreateRequest.decode(new Uint8Array([0x2a, 2, 0, 1]));
    const unpacked = WatchCreateRequest.decode(new Uint8Array([0x28, 0, 0x28, 1]));
    assert.deepEqual(packed.filters, [0, 1]);
    assert.deepEqual(unpacked.filters, [0, 1]);
  });

  it('pass over unknown fields and fields of another wire type', () => {
    const known = PutRequest.encode({ key: new Uint8Array([1]) }).finish();
    const unknown = [0xf8, 0x7f, 5, 0x08, 5, 0xfa, 0x7f, 2, 1, 2];
    const decoded = PutRequest.decode(new Uint8Array([...unknown, ...known]));
    assert.deepEqual(decoded.key, new Uint8Array([1]));
  });

  it('refuse strings that are not UTF-8', () => {
    assert.throws(() => api.AuthenticateRequest.decode(new Uint8Array([0x0a, 1, 0xff])));
  });

  it('refuse a message whose announced length passes the end', () => {
    assert.throws(() => api.PutResponse.decode(new Uint8Array([0x0a, 5, 8, 1])), api.WireError);
    // The inner message ends inside a field of its own.
    assert.throws(() => api.PutResponse.decode(new Uint8Array([0x0a, 1, 8, 1, 8, 1])), RangeError);
  });

  it('read transactions as deep as etcd allows, and refuse what would exhaust the stack', () => {
    const depthOf = (levels: number): Uint8Array => {
      let txn = TxnRequest.create();
      for (let level = 0; level < levels; level++) {
        txn = TxnRequest.create({ success: [RequestOp.create({ request_txn: txn })] });
      }
      return TxnRequest.encode(txn).finish();
    };
    assert.ok(TxnRequest.decode(depthOf(TXN_OPS_MAX + 1)));
    assert.throws(() => TxnRequest.decode(depthOf(MESSAGE_DEPTH_MAX)), api.WireError);
  });

  it('turn Buffers into plain Uint8Arrays', () => {
    const bytes = Buffer.from(PutRequest.encode({ key: new Uint8Array([7]) }).finish());
    assert.equal(PutRequest.decode(bytes).key.constructor, Uint8Array);
  });

  it('survive any bytes: a message or an error, never a hang', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(types)),
        fc.uint8Array({ maxLength: 300, size: 'max' }),
        (type, bytes) => {
          let message: object;
          try {
            message = type.decode(bytes);
          } catch (error) {
            assert.ok(error instanceof Error);
            return;
          }
          type.encode(message);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('64-bit integers', () => {
  it('convert exactly or not at all', () => {
    const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(int64, (value) => {
        assert.equal(api.toBigInt(api.longOf(value)), value);
        assert.equal(api.leaseIdOf(api.leaseIdToLong(value)), value);
        const isSafe = Number.isSafeInteger(Number(value));
        if (isSafe) assert.equal(api.toNumber(api.longOf(value)), Number(value));
        else assert.throws(() => api.toNumber(api.longOf(value)), RangeError);
        const clamped = api.toClampedNumber(api.longOf(value));
        assert.ok(Number.isSafeInteger(clamped));
        assert.equal(Math.sign(clamped), Number(value > 0n) - Number(value < 0n));
      }),
    );
  });

  it('are member ids of 16 hexadecimal digits', () => {
    const id = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    fc.assert(
      fc.property(id, (value) => {
        const digits = value.toString(16).padStart(16, '0');
        assert.equal(api.idOf(api.idToLong(digits)), digits);
        assert.equal(api.toBigInt(api.idToLong(digits)), value);
      }),
    );
    assert.throws(() => api.idToLong('abc'), RangeError);
    assert.throws(() => api.idToLong('000000000000000G'), RangeError);
  });
});

/** protobufjs gives a Buffer in Node. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
