/** Goal: every method is served on every transport that the table names, with the same outcome. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type LocalCluster, startCluster } from '../../scripts/lib/cluster.ts';
import { GrpcClient } from '../../scripts/lib/grpc-client.ts';
import { Code } from '../../src/api/errors.ts';
import { messageTypes } from '../../src/api/messages.ts';
import { type MethodSchema, methods } from '../../src/api/schema.ts';
import { serviceOf } from '../../src/api/transports.ts';
import { nodeSocket } from '../../src/client/node-socket.ts';
import { Session } from '../../src/client/session.ts';
import { type Proxy, startProxy } from '../../src/proxy/proxy.ts';
import {
  type Caller,
  grpcCaller,
  grpcWebCaller,
  jsonCaller,
  type Outcome,
  sessionCaller,
  typeNamed,
} from './transports.ts';

const KEY = Buffer.from('key');

/** Requests that an empty message does not do for. */
const REQUESTS: Readonly<Record<string, object>> = {
  'etcdserverpb.KV/Range': { key: KEY },
  'etcdserverpb.KV/RangeStream': { key: KEY },
  'etcdserverpb.KV/Put': { key: KEY, value: KEY },
  'etcdserverpb.KV/DeleteRange': { key: Buffer.from('nothing') },
  'etcdserverpb.KV/Txn': { success: [{ request_put: { key: KEY } }] },
  // Of the future, and so never done.
  'etcdserverpb.KV/Compact': { revision: 1_000_000 },
  'etcdserverpb.Watch/Watch': { create_request: { key: KEY } },
  'etcdserverpb.Lease/LeaseGrant': { TTL: 60 },
  'v3lockpb.Lock/Lock': { name: Buffer.from('lock') },
  'v3electionpb.Election/Campaign': { name: Buffer.from('campaign'), value: KEY },
  'v3electionpb.Election/Observe': { name: Buffer.from('observed') },
};

/** A lock is waited for by whoever comes second: each transport has its own. */
function requestFor(method: MethodSchema, caller: Caller): Uint8Array {
  const fields = REQUESTS[method.path] ?? {};
  const isOwn = method.path === 'v3lockpb.Lock/Lock' || method.path.endsWith('/Campaign');
  const own = isOwn ? { ...fields, name: Buffer.from(`${caller.name} ${method.name}`) } : fields;
  return typeNamed(method.request).encode(own).finish();
}

describe('every method on every transport', () => {
  let cluster: LocalCluster;
  let session: Session;
  let proxy: Proxy;
  let grpc: GrpcClient;
  let callers: readonly Caller[];
  before(async () => {
    cluster = await startCluster({ members: 1 });
    await cluster.ready();
    const [endpoint = ''] = cluster.endpoints;
    session = new Session(endpoint, { socket: nodeSocket });
    proxy = await startProxy({
      endpoints: [endpoint],
      listen: { host: '127.0.0.1', port: 0 },
      namespace: new Uint8Array(0),
      coalesce: false,
      keepAlive: { intervalMs: 10_000, timeoutMs: 10_000 },
    });
    grpc = await GrpcClient.open(`http://127.0.0.1:${proxy.port}`);
    callers = [
      jsonCaller(endpoint),
      grpcWebCaller(endpoint, 'binary'),
      grpcWebCaller(endpoint, 'text'),
      sessionCaller(session),
      grpcCaller(grpc),
    ];
    await lead(callers, 'observed');
  });
  after(async () => {
    session.close();
    grpc.close();
    await proxy.stop(0);
    await cluster.stop();
  });

  for (const method of methods) {
    it(method.path, async () => {
      let expected: Outcome | undefined;
      for (const caller of callers) {
        if (serviceOf(method, caller.transport) === 'none') continue;
        const outcome = await caller.call(method, requestFor(method, caller));
        expected ??= outcome;
        assert.deepEqual(
          [outcome.code, outcome.message, outcome.first === undefined],
          [expected.code, expected.message, expected.first === undefined],
          `${caller.name} answers as the first does`,
        );
        if (outcome.first !== undefined) typeNamed(method.response).decode(outcome.first);
      }
      assert.ok(expected, 'some transport serves it');
    });
  }
});

/** Observers need somebody to observe. */
async function lead([caller]: readonly Caller[], name: string): Promise<void> {
  const campaign = methods.find(({ path }) => path === 'v3electionpb.Election/Campaign');
  assert.ok(caller && campaign);
  const request = messageTypes['v3electionpb.CampaignRequest'];
  const { code } = await caller.call(
    campaign,
    request.encode({ name: Buffer.from(name), value: KEY }).finish(),
  );
  assert.equal(code, Code.OK);
}
