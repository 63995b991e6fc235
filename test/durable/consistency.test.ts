/** Goal: a client says how fresh a read has to be, by header, query or metadata, and any member keeps to it. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type LocalCluster, startCluster } from '../../scripts/lib/cluster.ts';
import { KvHttp } from '../../scripts/lib/kv-http.ts';
import { Code } from '../../src/api/errors.ts';
import { RangeRequest, RangeResponse, toNumber } from '../../src/api/messages.ts';
import { Session } from '../../src/client/session.ts';

const KEY = Buffer.from('key');
const FUTURE = 'etcdserver: mvcc: required revision is a future revision';

describe('a read at a level', () => {
  let cluster: LocalCluster;
  let endpoint: string;
  let kv: KvHttp;
  before(async () => {
    cluster = await startCluster({ members: 3 });
    await cluster.ready();
    endpoint = cluster.endpoints[0] ?? '';
    kv = new KvHttp(endpoint);
  });
  after(() => cluster.stop());

  const read = async (member: string, consistency?: string, query = '') => {
    const response = await fetch(`${endpoint}/v3/kv/range${query}`, {
      method: 'POST',
      body: JSON.stringify({ key: KEY.toString('base64') }),
      headers: {
        'X-Edgetcd-Member': member,
        ...(consistency === undefined ? {} : { 'edgetcd-consistency': consistency }),
      },
    });
    const body = (await response.json()) as {
      readonly kvs?: readonly { readonly value: string }[];
      readonly code?: number;
      readonly message?: string;
    };
    return { headers: response.headers, ...body };
  };

  it('of at least a revision sees the write that made it, at every member', async () => {
    for (let round = 0; round < 20; round++) {
      const value = Buffer.from(`round ${round}`);
      const revision = await kv.put({ key: KEY, value });
      for (const { name } of cluster.members) {
        const { kvs, headers } = await read(name, `min-revision=${revision}`);
        assert.equal(kvs?.[0]?.value, value.toString('base64'), `${name} at ${revision}`);
        assert.equal(headers.get('x-edgetcd-member'), name);
        assert.ok(Number(headers.get('x-edgetcd-revision')) >= revision);
      }
    }
  });

  it('tells how stale its member may be, and is within what was asked', async () => {
    for (const { name } of cluster.members) {
      await read(name, 'linearizable');
      const { headers, kvs } = await read(name, 'max-staleness=10s');
      assert.equal(kvs?.length, 1);
      const staleness = headers.get('x-edgetcd-staleness-ms');
      assert.ok(staleness !== null && Number(staleness) <= 10_000, `${name}: ${staleness}`);
    }
  });

  it('may be asked for in the query', async () => {
    const { kvs } = await read('m2', undefined, '?consistency=serializable');
    assert.equal(kvs?.length, 1);
    const { code } = await read('m2', undefined, '?consistency=whatever');
    assert.equal(code, Code.InvalidArgument);
  });

  it('that is none is refused, and the text says what there is', async () => {
    const { code, message } = await read('m1', 'eventual');
    assert.equal(code, Code.InvalidArgument);
    assert.match(message ?? '', /"eventual".*linearizable, serializable, min-revision=/);
  });

  it('of a revision that does not come is refused as of the future, after a while', async () => {
    const { code, message } = await read('m3', 'min-revision=1000000');
    assert.deepEqual([code, message], [Code.OutOfRange, FUTURE]);
  });

  it('of a session says it in the metadata of the call', async () => {
    const session = new Session(endpoint);
    await session.ready;
    const ask = (level: string): Promise<{ code: number; body: Uint8Array | undefined }> =>
      new Promise((resolve) => {
        let body: Uint8Array | undefined;
        const call = session.open(
          'etcdserverpb.KV/Range',
          { metadata: [['edgetcd-consistency', level]] },
          {
            onMessage: (message) => (body = message),
            onEnd: ({ code }) => resolve({ code, body }),
          },
        );
        call.send(RangeRequest.encode({ key: KEY }).finish());
        call.halfClose();
      });
    try {
      const revision = await kv.put({ key: KEY, value: KEY });
      const { code, body } = await ask(`min-revision=${revision}`);
      assert.equal(code, Code.OK);
      const { header, kvs } = RangeResponse.decode(body ?? new Uint8Array());
      assert.ok(toNumber(header?.revision ?? 0) >= revision);
      assert.equal(toNumber(kvs[0]?.mod_revision ?? 0), revision);
      assert.equal((await ask('eventual')).code, Code.InvalidArgument);
    } finally {
      session.close();
    }
  });
});
