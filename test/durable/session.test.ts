/** Goal: a session over a real workerd carries every kind of call, and ends none of them silently. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import WebSocket from 'ws';
import {
  CampaignRequest,
  CampaignResponse,
  LeaderRequest,
  LeaderResponse,
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  LockRequest,
  LockResponse,
  ProclaimRequest,
  ProclaimResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  RangeStreamResponse,
  UnlockRequest,
  UnlockResponse,
} from '../../src/api/messages.ts';
import { nodeSocket } from '../../src/client/node-socket.ts';
import { Session } from '../../src/client/session.ts';
import { MESSAGE_BYTES_MAX, SESSION_CALLS_MAX } from '../../src/constants.ts';
import type { SessionGauges } from '../../src/member/session-host.ts';
import { FrameWriter } from '../../src/session/writer.ts';
import { NO_METADATA, SESSION_PROTOCOL } from '../../src/session/items.ts';
import { callOnce, Stream, unary, WatchLines } from '../support/session-client.ts';
import { WatchCluster } from './watch-cluster.ts';

const PUT = 'etcdserverpb.KV/Put';
const RANGE = 'etcdserverpb.KV/Range';

let cluster: WatchCluster;
let session: Session;
before(async () => {
  cluster = await WatchCluster.start(3);
  session = new Session(cluster.endpoint, { socket: nodeSocket });
  await session.ready;
});
after(async () => {
  session.close();
  await cluster.stop();
});

async function gauges(): Promise<SessionGauges> {
  const response = await fetch(`${cluster.endpoint}/test/session-gauges`);
  return (await response.json()) as SessionGauges;
}

const bytes = (text: string): Buffer => Buffer.from(text);

function put(key: string, value: string): Promise<PutResponse> {
  return unary(session, PUT, [PutRequest, { key: bytes(key), value: bytes(value) }], PutResponse);
}

describe('a session', () => {
  it('says hello with its limits, and who answers', async () => {
    const hello = await session.ready;
    assert.equal(hello.version, 1);
    assert.equal(hello.callsMax, SESSION_CALLS_MAX);
    assert.deepEqual(hello.metadata[0], ['member', 'm1']);
  });

  it('carries unary calls, with the errors of etcd', async () => {
    await put('a', '1');
    const { kvs } = await unary(session, RANGE, [RangeRequest, { key: bytes('a') }], RangeResponse);
    assert.equal(Buffer.from(kvs[0]?.value ?? []).toString(), '1');
    const refused = await callOnce(session, PUT, PutRequest.encode({}).finish());
    assert.deepEqual(refused.status, { code: 3, message: 'etcdserver: key is not provided' });
    assert.deepEqual(refused.messages, []);
  });

  it('proposes writes in the order in which they were sent', async () => {
    const calls = Array.from({ length: 500 }, (_, index) => put('ordered', String(index)));
    const revisions = (await Promise.all(calls)).map(({ header }) => Number(header?.revision));
    assert.deepEqual(
      revisions,
      [...revisions].sort((left, right) => left - right),
    );
    const { kvs } = await unary(
      session,
      RANGE,
      [RangeRequest, { key: bytes('ordered') }],
      RangeResponse,
    );
    assert.equal(Buffer.from(kvs[0]?.value ?? []).toString(), '499');
  });

  it('answers an unknown method as gRPC does', async () => {
    const method = await callOnce(session, 'etcdserverpb.KV/Pet', new Uint8Array(0));
    assert.deepEqual(method.status, {
      code: 12,
      message: 'unknown method Pet for service etcdserverpb.KV',
    });
    const service = await callOnce(session, 'nobody.Nothing/Never', new Uint8Array(0));
    assert.deepEqual(service.status, { code: 12, message: 'unknown service nobody.Nothing' });
  });

  it('refuses a message that is too long with the text of gRPC', async () => {
    const body = new Uint8Array(MESSAGE_BYTES_MAX + 1);
    const { status } = await callOnce(session, PUT, body);
    assert.deepEqual(status, {
      code: 8,
      message: `grpc: received message larger than max (${body.length} vs. ${MESSAGE_BYTES_MAX})`,
    });
  });

  it('ends a call at its deadline, and one whose deadline is past at once', async () => {
    await unary(
      session,
      'v3lockpb.Lock/Lock',
      [LockRequest, { name: bytes('held') }],
      LockResponse,
    );
    const body = LockRequest.encode({ name: bytes('held') }).finish();
    const late = await callOnce(session, 'v3lockpb.Lock/Lock', body, { timeoutMs: 300 });
    assert.deepEqual(late.status, { code: 4, message: 'context deadline exceeded' });
    const past = await callOnce(session, PUT, body, { timeoutMs: 0 });
    assert.deepEqual(past.status, { code: 4, message: 'context deadline exceeded' });
  });
});

describe('streams of a session', () => {
  it('watch, each event once and in order, many on one session', async () => {
    const first = Number((await put('w', '0')).header?.revision);
    const watches = Array.from({ length: 5 }, () => new WatchLines(session));
    for (const watch of watches) {
      watch.create('w');
      assert.equal(await watch.next(), `0@${first} created`);
    }
    await put('w', '1');
    await put('w', '2');
    for (const watch of watches) {
      assert.equal(await watch.next(), `0@${first + 1} put w=1`);
      assert.equal(await watch.next(), `0@${first + 2} put w=2`);
      watch.progress();
      assert.equal(await watch.next(), `-1@${first + 2}`);
      watch.cancel(0);
      assert.equal(await watch.next(), `0@${first + 2} canceled`);
      watch.stream.call.cancel();
      assert.equal((await watch.stream.ended).code, 1);
    }
    await cluster.until(async () => (await cluster.gauges()).streams === 0);
    assert.equal((await cluster.gauges()).streams, 0);
  });

  it('go on watching when the client has half-closed', async () => {
    const watch = new WatchLines(session);
    watch.create('half');
    watch.stream.call.halfClose();
    await watch.next();
    await put('half', '1');
    assert.match((await watch.next()) ?? '', /put half=1$/);
    watch.stream.call.cancel();
  });

  it('renew leases, answers in order, and end when the client has asked its last', async () => {
    const grant = await unary(
      session,
      'etcdserverpb.Lease/LeaseGrant',
      [LeaseGrantRequest, { TTL: 60 }],
      LeaseGrantResponse,
    );
    const stream = new Stream(session, 'etcdserverpb.Lease/LeaseKeepAlive');
    const ids = [grant.ID, 77, grant.ID, 78];
    for (const ID of ids) stream.call.send(LeaseKeepAliveRequest.encode({ ID }).finish());
    stream.call.halfClose();
    const answers: string[] = [];
    for (let body = await stream.next(); body !== undefined; body = await stream.next()) {
      const { ID, TTL } = LeaseKeepAliveResponse.decode(body);
      answers.push(`${String(ID)} ${String(TTL)}`);
    }
    const id = String(grant.ID);
    assert.deepEqual(answers, [`${id} 60`, '77 0', `${id} 60`, '78 0']);
    assert.equal((await stream.ended).code, 0);
  });

  it('read a range in pages, no faster than the client takes them', async () => {
    const value = Buffer.alloc(10_000, 'v');
    const keys = Array.from(
      { length: 600 },
      (_, index) => `page/${String(index).padStart(4, '0')}`,
    );
    await Promise.all(
      keys.map((key) => unary(session, PUT, [PutRequest, { key: bytes(key), value }], PutResponse)),
    );
    const stream = new Stream(session, 'etcdserverpb.KV/RangeStream');
    stream.call.pause();
    stream.call.send(
      RangeRequest.encode({ key: bytes('page/'), range_end: bytes('page0') }).finish(),
    );
    stream.call.halfClose();
    await new Promise((resolve) => setTimeout(resolve, 500));
    const arrived = stream.waiting;
    stream.call.resume();
    const found: string[] = [];
    let pages = 0;
    for (let body = await stream.next(); body !== undefined; body = await stream.next()) {
      pages++;
      const page = RangeStreamResponse.decode(body).range_response;
      for (const kv of page?.kvs ?? []) found.push(Buffer.from(kv.key).toString());
    }
    assert.deepEqual(found, keys);
    assert.equal((await stream.ended).code, 0);
    assert.ok(arrived < pages, `${arrived} of ${pages} pages came to a client that paused`);
  });

  it('observe an election: its leader, and each that follows', async () => {
    const name = bytes('election');
    const campaign = (value: string): Promise<CampaignResponse> =>
      unary(
        session,
        'v3electionpb.Election/Campaign',
        [CampaignRequest, { name, value: bytes(value) }],
        CampaignResponse,
      );
    const { leader } = await campaign('one');
    const observe = new Stream(session, 'v3electionpb.Election/Observe');
    observe.call.send(LeaderRequest.encode({ name }).finish());
    observe.call.halfClose();
    const next = async (): Promise<string> => {
      const { kv } = LeaderResponse.decode((await observe.next()) ?? new Uint8Array(0));
      return Buffer.from(kv?.value ?? []).toString();
    };
    assert.equal(await next(), 'one');
    await unary(
      session,
      'v3electionpb.Election/Proclaim',
      [ProclaimRequest, { leader, value: bytes('two') }],
      ProclaimResponse,
    );
    assert.equal(await next(), 'two');
    observe.call.cancel();
    assert.equal((await observe.ended).code, 1);
  });

  it('end a wait when its caller leaves, so that the next gets the lock', async () => {
    const name = bytes('queue');
    const LOCK = 'v3lockpb.Lock/Lock';
    const first = await unary(session, LOCK, [LockRequest, { name }], LockResponse);
    const waiting = new Stream(session, LOCK);
    waiting.call.send(LockRequest.encode({ name }).finish());
    waiting.call.halfClose();
    await cluster.until(async () => (await gauges()).calls >= 1);
    const other = new Session(cluster.endpoint, { socket: nodeSocket });
    const third = unary(other, LOCK, [LockRequest, { name }], LockResponse);
    await cluster.until(async () => (await gauges()).calls >= 2);
    waiting.call.cancel();
    assert.equal((await waiting.ended).code, 1);
    await unary(
      session,
      'v3lockpb.Lock/Unlock',
      [UnlockRequest, { key: first.key }],
      UnlockResponse,
    );
    const { key } = await third;
    assert.notDeepEqual(key, first.key);
    other.close();
  });
});

describe('a session under strain', () => {
  it('queues ten thousand calls, and answers each', async () => {
    const body = RangeRequest.encode({ key: bytes('a'), serializable: true }).finish();
    const answers = await Promise.all(
      Array.from({ length: 10_000 }, () => callOnce(session, RANGE, body)),
    );
    assert.ok(answers.every(({ status }) => status.code === 0));
    assert.deepEqual(await gauges(), { sessions: 1, calls: 0, requestBytes: 0, congested: 0 });
  });

  it('refuses calls beyond its limit, and goes on', async () => {
    const raw = await RawSession.open(cluster.endpoint);
    const body = LeaderRequest.encode({ name: bytes('nobody') }).finish();
    for (let id = 1; id <= SESSION_CALLS_MAX + 1; id++) {
      raw.writer.open(id, opened('v3electionpb.Election/Observe', body));
      if (id % 1_000 === 0) raw.flush();
    }
    raw.flush();
    const refusal = await raw.frameWith('which is the limit');
    assert.ok(refusal);
    assert.equal((await gauges()).calls, SESSION_CALLS_MAX);
    raw.socket.close();
    await cluster.until(async () => (await gauges()).calls === 0);
    assert.equal((await gauges()).calls, 0);
  });

  for (const [what, wrong, reason] of [
    ['a call before HELLO', (w: FrameWriter) => w.open(1, opened(PUT)), 'a call before HELLO'],
    [
      'a reused call id',
      (w: FrameWriter) => {
        hello(w);
        w.open(1, opened('etcdserverpb.Watch/Watch'));
        w.open(1, opened('etcdserverpb.Watch/Watch'));
      },
      'call 1 is open',
    ],
    [
      'an item of the server',
      (w: FrameWriter) => {
        hello(w);
        w.answer(1, new Uint8Array(0));
      },
      "an item of kind 8 is a server's",
    ],
  ] as const) {
    it(`is closed for ${what}, with the reason`, async () => {
      const raw = await RawSession.open(cluster.endpoint, false);
      wrong(raw.writer);
      raw.flush();
      const { code, text } = await raw.closed;
      assert.equal(code, 1002);
      assert.ok(text.includes(reason), text);
    });
  }

  it('is closed for a frame cut short', async () => {
    const raw = await RawSession.open(cluster.endpoint);
    raw.writer.open(1, opened(PUT, new Uint8Array(100)));
    raw.socket.send(raw.writer.take().subarray(0, 50));
    assert.equal((await raw.closed).code, 1002);
  });

  it('is closed for a frame over the limit', async () => {
    const raw = await RawSession.open(cluster.endpoint);
    raw.socket.send(new Uint8Array(5 * 1024 * 1024));
    assert.equal((await raw.closed).code, 1009);
  });
});

describe('who may open a session', () => {
  it('is not a client of another protocol', async () => {
    const socket = new WebSocket(`${cluster.endpoint.replace('http', 'ws')}/v3/session`);
    const status = await new Promise((resolve) =>
      socket.on('unexpected-response', (_, { statusCode }) => resolve(statusCode)),
    );
    assert.equal(status, 400);
    socket.on('error', () => undefined);
    socket.terminate();
  });
});

function opened(method: string, body?: Uint8Array) {
  return { method, body, metadata: NO_METADATA, timeoutMs: undefined, halfClosed: false };
}

function hello(writer: FrameWriter): void {
  writer.hello({
    version: 1,
    windowBytes: 1 << 20,
    frameBytesMax: 1 << 20,
    callsMax: 0,
    metadata: NO_METADATA,
  });
}

/** A client that says what it likes. */
class RawSession {
  readonly socket: WebSocket;
  readonly writer = new FrameWriter();
  readonly closed: Promise<{ readonly code: number; readonly text: string }>;
  readonly #frames: Buffer[] = [];
  #wake: (() => void) | undefined;

  private constructor(endpoint: string) {
    this.socket = new WebSocket(`${endpoint.replace('http', 'ws')}/v3/session`, SESSION_PROTOCOL);
    this.socket.on('message', (data: Buffer) => {
      this.#frames.push(data);
      this.#wake?.();
    });
    this.closed = new Promise((resolve) =>
      this.socket.on('close', (code, reason) => resolve({ code, text: reason.toString() })),
    );
  }

  static async open(endpoint: string, isPolite = true): Promise<RawSession> {
    const raw = new RawSession(endpoint);
    await new Promise((resolve) => raw.socket.once('open', resolve));
    if (isPolite) hello(raw.writer);
    return raw;
  }

  flush(): void {
    this.socket.send(this.writer.take());
  }

  /** Waits for a frame that holds a text. */
  async frameWith(text: string): Promise<boolean> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame === undefined) await new Promise<void>((wake) => (this.#wake = wake));
      else if (frame.includes(text)) return true;
    }
  }
}
