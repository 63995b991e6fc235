/** Goal: streams over gRPC-Web, from a real member: pages, events as they happen, renewals, leaders. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type LocalCluster, startCluster } from '../../scripts/lib/cluster.ts';
import { KvHttp } from '../../scripts/lib/kv-http.ts';
import {
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  RangeRequest,
  RangeStreamResponse,
  toNumber,
  WatchRequest,
  WatchResponse,
} from '../../src/api/messages.ts';

const HEAD_BYTES = 5;
const TRAILERS = 0x80;

function frame(body: Uint8Array): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

/** Frames of an answer as they come: messages, then the trailers as text. */
async function* framesOf(response: Response): AsyncGenerator<Buffer | string> {
  let bytes = Buffer.alloc(0);
  for await (const part of response.body ?? []) {
    bytes = Buffer.concat([bytes, part as Uint8Array]);
    while (bytes.length >= HEAD_BYTES && bytes.length >= HEAD_BYTES + bytes.readUInt32BE(1)) {
      const end = HEAD_BYTES + bytes.readUInt32BE(1);
      const content = bytes.subarray(HEAD_BYTES, end);
      yield bytes[0] === TRAILERS ? content.toString() : content;
      bytes = bytes.subarray(end);
    }
  }
  assert.equal(bytes.length, 0, 'the answer ends with a whole frame');
}

async function messageFrom(frames: AsyncGenerator<Buffer | string>): Promise<Buffer> {
  const next = await frames.next();
  const value: unknown = next.value;
  assert.ok(Buffer.isBuffer(value), `a message is next, not ${String(value)}`);
  return value;
}

describe('streams over gRPC-Web', () => {
  let cluster: LocalCluster;
  let kv: KvHttp;
  before(async () => {
    cluster = await startCluster({ members: 1 });
    await cluster.ready();
    kv = new KvHttp(cluster.endpoints[0] ?? '');
  });
  after(() => cluster.stop());

  const ask = (method: string, body: Uint8Array, headers = {}): Promise<Response> =>
    fetch(`${cluster.endpoints[0]}/${method}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/grpc-web+proto', ...headers },
    });

  it('RangeStream: all keys of one revision, page by page, then status 0', async () => {
    const keys = Array.from({ length: 300 }, (_, at) => `page/${String(at).padStart(3, '0')}`);
    for (const key of keys) await kv.put({ key: Buffer.from(key), value: Buffer.alloc(2_000) });
    const range = { key: Buffer.from('page/'), range_end: Buffer.from('page0') };
    const answer = await ask(
      'etcdserverpb.KV/RangeStream',
      frame(RangeRequest.encode(range).finish()),
    );
    const found: string[] = [];
    let pages = 0;
    let trailers = '';
    for await (const next of framesOf(answer)) {
      if (typeof next === 'string') {
        trailers = next;
        break;
      }
      pages++;
      const { range_response } = RangeStreamResponse.decode(next);
      found.push(...(range_response?.kvs ?? []).map(({ key }) => Buffer.from(key).toString()));
    }
    assert.deepEqual(found, keys);
    assert.ok(pages > 1, `${pages} pages`);
    assert.match(trailers, /^grpc-status: 0\r\n/);
  });

  it('Watch: what is created, then events while they happen, then the deadline', async () => {
    const create = { create_request: { key: Buffer.from('watched') } };
    const answer = await ask(
      'etcdserverpb.Watch/Watch',
      frame(WatchRequest.encode(create).finish()),
      { 'grpc-timeout': '3S' },
    );
    const frames = framesOf(answer);
    assert.equal(WatchResponse.decode(await messageFrom(frames)).created, true);
    for (const value of ['one', 'two']) {
      const revision = await kv.put({ key: Buffer.from('watched'), value: Buffer.from(value) });
      const { events } = WatchResponse.decode(await messageFrom(frames));
      assert.equal(Buffer.from(events[0]?.kv?.value ?? []).toString(), value);
      assert.equal(toNumber(events[0]?.kv?.mod_revision ?? 0), revision);
    }
    assert.match(String((await frames.next()).value), /^grpc-status: 4\r\n/);
    assert.equal((await frames.next()).done, true);
  });

  it('LeaseKeepAlive: an answer for each request, then status 0', async () => {
    const granted = await ask(
      'etcdserverpb.Lease/LeaseGrant',
      frame(LeaseGrantRequest.encode({ TTL: 100 }).finish()),
    );
    const { ID } = LeaseGrantResponse.decode(await messageFrom(framesOf(granted)));
    const requests = [ID, 12_345, ID].map((id) =>
      frame(LeaseKeepAliveRequest.encode({ ID: id }).finish()),
    );
    const answer = await ask('etcdserverpb.Lease/LeaseKeepAlive', Buffer.concat(requests));
    const frames = framesOf(answer);
    for (const ttl of [100, 0, 100]) {
      const { TTL } = LeaseKeepAliveResponse.decode(await messageFrom(frames));
      assert.equal(toNumber(TTL), ttl);
    }
    assert.match(String((await frames.next()).value), /^grpc-status: 0\r\n/);
  });
});
