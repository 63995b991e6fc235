import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import protojson from 'protobufjs/ext/protojson.js';
import { StatusError } from '../../src/api/errors.ts';
import { decodeJson, encodeJson, errorJson, errorLine, resultLine } from '../../src/api/json.ts';
import * as api from '../../src/api/messages.ts';
import type { MessageType } from '../../src/api/messages.ts';
import { arbitraryMessage } from '../support/arbitrary-message.ts';
import { reflectedTypes } from '../support/reflection.ts';

const types: Readonly<Record<string, MessageType>> = api.messageTypes;

describe('encodeJson', () => {
  it('writes what etcd 3.4.23 writes', () => {
    const message = {
      header: {
        cluster_id: 15118495548433857066n,
        member_id: 13668033151171901709n,
        revision: 21,
        raft_term: 2,
      },
      kvs: [
        { key: new Uint8Array([97, 98]), create_revision: 3, mod_revision: 3, version: 1 },
        { key: new Uint8Array([98, 98]), value: new Uint8Array([120]), lease: -1 },
      ],
      count: 2,
    };
    assert.equal(
      encodeJson(api.RangeResponse, message),
      '{"header":{"cluster_id":"15118495548433857066","member_id":"13668033151171901709",' +
        '"revision":"21","raft_term":"2"},"kvs":[{"key":"YWI=","create_revision":"3",' +
        '"mod_revision":"3","version":"1"},{"key":"YmI=","value":"eA==","lease":"-1"}],"count":"2"}',
    );
  });

  it('leaves zeros out, and keeps messages that are empty', () => {
    const { TxnResponse, WatchResponse } = api;
    assert.equal(encodeJson(TxnResponse, TxnResponse.create()), '{}');
    const nested = { succeeded: false, responses: [{ response_txn: { header: {} } }] };
    assert.equal(encodeJson(TxnResponse, nested), '{"responses":[{"response_txn":{"header":{}}}]}');
    const created = { header: { revision: 1 }, watch_id: 0, created: true, events: [] };
    assert.equal(encodeJson(WatchResponse, created), '{"header":{"revision":"1"},"created":true}');
  });

  it('writes enums by name, zero not at all, unknown ones as numbers', () => {
    const events = [{ type: 0, kv: {} }, { type: 1 }, { type: 7 }];
    assert.equal(
      encodeJson(api.WatchResponse, { events }),
      '{"events":[{"kv":{}},{"type":"DELETE"},{"type":7}]}',
    );
    const create = { create_request: { filters: [0, 1] } };
    assert.equal(
      encodeJson(api.WatchRequest, create),
      '{"create_request":{"filters":["NOPUT","NODELETE"]}}',
    );
  });

  it('writes members of a oneof that are set, zero or not', () => {
    assert.equal(encodeJson(api.Compare, { version: 0 }), '{"version":"0"}');
  });

  it('writes 32-bit integers as numbers', () => {
    assert.equal(encodeJson(api.HashResponse, { hash: 3359405288 }), '{"hash":3359405288}');
  });

  it('takes 64-bit integers as number, bigint or Long', () => {
    const header = { revision: 2 ** 40, cluster_id: 5n, raft_term: api.longOf(2n ** 63n, true) };
    assert.equal(
      encodeJson(api.ResponseHeader, header),
      '{"cluster_id":"5","revision":"1099511627776","raft_term":"9223372036854775808"}',
    );
  });
});

for (const reflected of reflectedTypes()) {
  const name = reflected.fullName.slice(1);
  const type = types[name];
  describe(`JSON of ${name}`, () => {
    it('comes back as it went, and means the same to protobufjs', () => {
      assert.ok(type);
      fc.assert(
        fc.property(arbitraryMessage(name), (message) => {
          const bytes = type.encode(message).finish();
          const text = encodeJson(type, message);
          assert.deepEqual(type.encode(decodeJson(type, text)).finish(), bytes);
          // Reads ours,
          const theirs = protojson.fromJsonString(reflected, text);
          assert.deepEqual(new Uint8Array(reflected.encode(theirs).finish()), bytes);
          // and writes what we read.
          const written = protojson.toJsonString(reflected, reflected.decode(bytes));
          assert.deepEqual(type.encode(decodeJson(type, written)).finish(), bytes);
        }),
        { numRuns: 30 },
      );
    });
  });
}

describe('errors in JSON', () => {
  it('have the body of etcd 3.4', () => {
    assert.equal(
      errorJson(StatusError.of('leaseNotFound')),
      '{"error":"etcdserver: requested lease not found",' +
        '"message":"etcdserver: requested lease not found","code":5}',
    );
    const detailed = new StatusError(3, 'no', { details: [{ '@type': 'x' }] });
    assert.equal(
      errorJson(detailed),
      '{"error":"no","message":"no","code":3,"details":[{"@type":"x"}]}',
    );
  });

  it('end a stream in a line that clients of every version can read', () => {
    assert.equal(
      errorLine(StatusError.of('emptyKey')),
      '{"error":{"grpc_code":3,"http_code":400,"message":"etcdserver: key is not provided",' +
        '"http_status":"Bad Request","code":3}}\n',
    );
    const line = JSON.parse(errorLine(StatusError.of('canceled'))) as { error: object };
    assert.deepEqual(Object.values(line.error), [1, 499, 'etcdserver: request canceled', '', 1]);
  });

  it('follow results, one a line', () => {
    assert.equal(resultLine(api.WatchResponse, { created: true }), '{"result":{"created":true}}\n');
  });
});
