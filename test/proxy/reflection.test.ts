import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor.js';
import { GrpcClient } from '../../scripts/lib/grpc-client.ts';
import { methods } from '../../src/api/schema.ts';
import { withReflection } from '../../src/proxy/reflection.ts';
import { reflectedTypes } from '../support/reflection.ts';
import { FakeChannel, serve, type Running } from './support.ts';

const SERVICES = [...new Set(methods.map(({ service }) => service))];

/** The protocol of reflection, as far as it is asked here. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Request { string host = 1; string file_by_filename = 3; string file_containing_symbol = 4;
    string list_services = 7; }
  message Response { string valid_host = 1; Request original_request = 2; Files files = 4;
    Services services = 6; Failure failure = 7; }
  message Files { repeated bytes file = 1; }
  message Services { repeated Service service = 1; }
  message Service { string name = 1; }
  message Failure { int32 error_code = 1; string error_message = 2; }
`);
const Request = root.lookupType('Request');
const Response = root.lookupType('Response');

function decoded(bytes: Uint8Array): descriptor.IFileDescriptorProto {
  return descriptor.FileDescriptorProto.decode(bytes) as descriptor.IFileDescriptorProto;
}

interface Answer {
  readonly validHost: string;
  readonly originalRequest: unknown;
  readonly files?: { readonly file: readonly Uint8Array[] };
  readonly services?: { readonly service: readonly { readonly name: string }[] };
  readonly failure?: { readonly errorCode: number; readonly errorMessage: string };
}

for (const version of ['v1', 'v1alpha']) {
  describe(`server reflection, ${version}`, () => {
    let running: Running;
    let client: GrpcClient;
    before(async () => {
      running = await serve(withReflection(new FakeChannel()));
      client = await GrpcClient.open(running.endpoint);
    });
    after(() => {
      client.close();
      running.close();
    });

    async function ask(...requests: readonly Record<string, string>[]): Promise<Answer[]> {
      const path = `grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
      const stream = client.stream(path);
      for (const request of requests) stream.send(Buffer.from(Request.encode(request).finish()));
      stream.halfClose();
      const answers: Answer[] = [];
      for await (const body of stream) {
        answers.push(Response.toObject(Response.decode(body)) as Answer);
      }
      return answers;
    }

    it('names every service', async () => {
      const [answer] = await ask({ host: 'a host', listServices: '*' });
      assert.deepEqual(answer?.services?.service.map(({ name }) => name).sort(), SERVICES.sort());
      assert.equal(answer.validHost, 'a host');
      assert.deepEqual(answer.originalRequest, { host: 'a host', listServices: '*' });
    });

    it('describes every message and method as the .proto files do', async () => {
      const answers = await ask(...SERVICES.map((name) => ({ fileContainingSymbol: name })));
      const files = new Map(
        answers
          .flatMap(({ files: answered }) => answered?.file ?? [])
          .map((bytes) => decoded(bytes))
          .map((file) => [file.name, file]),
      );
      const [header] = files.get('etcdserverpb.proto')?.messageType ?? [];
      assert.deepEqual(header?.field?.map(({ name, jsonName }) => [name, jsonName])[0], [
        'cluster_id',
        'clusterId',
      ]);
      const described = protobuf.Root.fromDescriptor({ file: [...files.values()] });
      described.resolveAll();
      for (const type of reflectedTypes()) {
        if (type.fullName.startsWith('.edgetcd.internal.')) continue;
        const other = described.lookupType(type.fullName);
        const fieldsOf = (each: protobuf.Type): unknown =>
          each.fieldsArray.map(({ name, id, repeated, resolvedType, type: scalar, partOf }) => [
            // protobufjs reads the names for JSON.
            name.replaceAll(/_(.)/g, (_, next: string) => next.toUpperCase()),
            id,
            repeated,
            resolvedType?.fullName ?? scalar,
            partOf?.fieldsArray.length,
          ]);
        assert.deepEqual(fieldsOf(other), fieldsOf(type), type.fullName);
      }
      for (const { service, name, request, response, clientStreaming } of methods) {
        const method = described.lookupService(service).methods[name];
        assert.equal(method?.resolvedRequestType?.fullName, `.${request}`);
        assert.equal(method.resolvedResponseType?.fullName, `.${response}`);
        assert.equal(method.requestStream ?? false, clientStreaming);
      }
    });

    it('finds files by name and methods, and says what it does not know', async () => {
      const [file, method, missing, internal, nothing] = await ask(
        { fileByFilename: 'mvccpb.proto' },
        { fileContainingSymbol: 'v3lockpb.Lock.Unlock' },
        { fileContainingSymbol: 'etcdserverpb.Nothing' },
        { fileContainingSymbol: 'edgetcd.internal.InternalRequest' },
        {},
      );
      assert.equal(file?.files?.file.length, 1);
      const names = method?.files?.file.map((bytes) => decoded(bytes).name);
      assert.deepEqual(names?.[0], 'v3lockpb.proto');
      assert.ok(names.includes('etcdserverpb.proto') && names.includes('mvccpb.proto'));
      for (const refused of [missing, internal, nothing]) {
        assert.equal(refused?.failure?.errorCode, 5);
      }
      assert.match(missing?.failure?.errorMessage ?? '', /Symbol not found: etcdserverpb.Nothing/);
    });
  });
}
