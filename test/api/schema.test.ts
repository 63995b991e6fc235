import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import protobuf from 'protobufjs';
import {
  enumSchema,
  messageSchema,
  methodByGatewayPath,
  methodByPath,
  methods,
} from '../../src/api/schema.ts';
import { generate } from '../../scripts/generate.ts';
import { reflectedTypes, reflection } from '../support/reflection.ts';

describe('schema', () => {
  it('says of every field what the .proto files say', () => {
    for (const type of reflectedTypes()) {
      const schema = messageSchema(type.fullName.slice(1));
      assert.deepEqual(
        schema.fields.map((field) => [field.name, field.number, field.repeated, field.oneof]),
        type.fieldsArray.map((field) => [
          field.name,
          field.id,
          field.repeated,
          field.partOf?.name ?? undefined,
        ]),
      );
      for (const field of schema.fields) {
        const reflected = type.fields[field.name];
        const expected = reflected?.resolvedType?.fullName.slice(1) ?? reflected?.type;
        assert.equal(field.type.kind === 'scalar' ? field.type.scalar : field.type.name, expected);
        const isEnum = reflected?.resolvedType instanceof protobuf.Enum;
        assert.equal(field.type.kind === 'enum', isEnum);
        assert.equal(field.jsonName, protobuf.util.jsonName(field.name));
      }
    }
  });

  it('knows the enums both ways', () => {
    const order = enumSchema('etcdserverpb.RangeRequest.SortOrder');
    const reflected = reflection.lookupEnum(order.name);
    assert.deepEqual([...order.numbers], Object.entries(reflected.values));
    assert.equal(order.names.get(2), 'DESCEND');
  });

  it('has every method of etcd 3.7', () => {
    const counts = Object.entries(Object.groupBy(methods, (method) => method.service)).map(
      ([service, list]) => [service, list?.length],
    );
    assert.deepEqual(Object.fromEntries(counts), {
      'etcdserverpb.KV': 6,
      'etcdserverpb.Watch': 1,
      'etcdserverpb.Lease': 5,
      'etcdserverpb.Cluster': 5,
      'etcdserverpb.Maintenance': 8,
      'etcdserverpb.Auth': 17,
      'v3lockpb.Lock': 2,
      'v3electionpb.Election': 5,
      'grpc.health.v1.Health': 3,
    });
  });

  it('finds methods by gRPC path and by gateway path', () => {
    const watch = methodByPath('etcdserverpb.Watch/Watch');
    assert.ok(watch?.clientStreaming === true && watch.serverStreaming);
    assert.equal(watch.request, 'etcdserverpb.WatchRequest');
    assert.deepEqual(watch.gatewayPaths, ['/v3/watch']);
    assert.equal(methodByPath('etcdserverpb.KV/RangeStream')?.gatewayPaths.length, 0);
    const revoke = methodByPath('etcdserverpb.Lease/LeaseRevoke');
    assert.equal(methodByGatewayPath('/v3/lease/revoke'), revoke);
    assert.equal(methodByGatewayPath('/v3/kv/lease/revoke'), revoke);
    assert.equal(methodByGatewayPath('/v3/nothing'), undefined);
    assert.equal(methodByPath('toString'), undefined);
  });

  it('names what it does not have', () => {
    assert.throws(() => messageSchema('etcdserverpb.Nothing'), /"etcdserverpb.Nothing"/);
    assert.throws(() => messageSchema('constructor'), RangeError);
  });

  it('is what npm run generate makes', async () => {
    assert.deepEqual(await generate({ check: true }), []);
  });
});
