import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, constants, type IncomingHttpHeaders } from 'node:http2';
import { after, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { MESSAGE_BYTES_MAX } from '../../src/constants.ts';
import { GrpcClient, GrpcError } from '../../scripts/lib/grpc-client.ts';
import { echoing, eventually, FakeChannel, serve, type Running } from './support.ts';

const PUT = 'etcdserverpb.KV/Put';
const WATCH = 'etcdserverpb.Watch/Watch';
const SNAPSHOT = 'etcdserverpb.Maintenance/Snapshot';
const BODY = Buffer.from('a request');

describe('the gRPC server', () => {
  const running: Running[] = [];
  const clients: GrpcClient[] = [];
  after(() => {
    for (const client of clients) client.close();
    for (const { close } of running) close();
  });

  async function serving(channel = echoing()): Promise<{ client: GrpcClient; endpoint: string }> {
    const server = await serve(channel);
    running.push(server);
    const client = await GrpcClient.open(server.endpoint);
    clients.push(client);
    return { client, endpoint: server.endpoint };
  }

  it('answers a unary call', async () => {
    const { client } = await serving();
    assert.deepEqual(await client.unary(PUT, BODY), BODY);
    assert.deepEqual(await client.unary(PUT, Buffer.alloc(0)), Buffer.alloc(0));
  });

  it('carries messages up to the limit, and names the limit for larger ones', async () => {
    const { client } = await serving();
    const largest = Buffer.alloc(MESSAGE_BYTES_MAX, 7);
    assert.ok((await client.unary(PUT, largest)).equals(largest));
    await rejects(client.unary(PUT, Buffer.alloc(MESSAGE_BYTES_MAX + 1)), {
      code: 8,
      text: `grpc: received message larger than max (${MESSAGE_BYTES_MAX + 1} vs. ${MESSAGE_BYTES_MAX})`,
    });
  });

  it('carries many calls at once on one connection', async () => {
    const { client } = await serving();
    const bodies = Array.from({ length: 500 }, (_, at) => Buffer.from(`request ${at}`));
    assert.deepEqual(await Promise.all(bodies.map((body) => client.unary(PUT, body))), bodies);
  });

  it('gives the status code and text as they are, in any script', async () => {
    const text = 'etcdserver: 100% „kaputt“';
    const { client } = await serving(
      new FakeChannel((call) => {
        call.onHalfClose = () => queueMicrotask(() => call.end(9, text));
      }),
    );
    await rejects(client.unary(PUT, BODY), { code: 9, text });
  });

  it('carries streams both ways until both sides have ended', async () => {
    const channel = new FakeChannel();
    const { client } = await serving(channel);
    const stream = client.stream(WATCH);
    const call = await channel.call(0);
    for (const text of ['one', 'two', 'three']) stream.send(Buffer.from(text));
    await eventually(() => call.sent.length === 3);
    call.answer(Buffer.from('an event'));
    assert.equal(String(await stream.next()), 'an event');
    assert.equal(call.halfClosed, false);
    stream.halfClose();
    await eventually(() => call.halfClosed);
    call.answer(Buffer.from('the last'));
    call.end();
    assert.equal(String(await stream.next()), 'the last');
    assert.equal(await stream.next(), undefined);
  });

  it('ends a stream whose client still sends', async () => {
    const channel = new FakeChannel();
    const { client } = await serving(channel);
    const stream = client.stream(WATCH);
    (await channel.call(0)).end(14, 'etcdserver: no leader');
    await rejects(stream.next(), { code: 14, text: 'etcdserver: no leader' });
  });

  it('says at once that a stream is served, though it has no message yet', async () => {
    const channel = new FakeChannel();
    const { endpoint } = await serving(channel);
    const headers = await responseOf(endpoint, WATCH, {}, undefined, (stream) => {
      void channel.call(0).then((call) => call.handlers.onHeaders?.([['who', 'm1']]));
      return stream;
    });
    assert.equal(headers['who'], 'm1');
  });

  it('stops asking for messages while the client does not read, and asks again', async () => {
    const channel = new FakeChannel();
    const { endpoint } = await serving(channel);
    const session = connect(endpoint);
    const stream = session.request({
      ':method': 'POST',
      ':path': `/${SNAPSHOT}`,
      'content-type': 'application/grpc',
    });
    stream.pause();
    stream.end(Buffer.from([0, 0, 0, 0, 0]));
    const call = await channel.call(0);
    for (let sent = 0; sent < 8; sent++) call.answer(Buffer.alloc(100_000));
    await eventually(() => call.paused);
    stream.resume();
    await eventually(() => !call.paused);
    session.destroy();
  });

  it('cancels the call when the client resets it, or goes', async () => {
    const channel = new FakeChannel();
    const { client } = await serving(channel);
    const stream = client.stream(WATCH);
    const call = await channel.call(0);
    stream.cancel();
    await eventually(() => call.cancelled);
    void client.unary(PUT, BODY).catch(() => undefined);
    const put = await channel.call(1);
    client.close();
    await eventually(() => put.cancelled);
  });

  it('goes on serving a client that cancels thousands of calls', async () => {
    const channel = new FakeChannel((call) => {
      if (call.method === PUT) call.onHalfClose = () => queueMicrotask(() => call.end(0));
    });
    const { endpoint } = await serving(channel);
    const session = connect(endpoint);
    const headers = { ':method': 'POST', ':path': `/${WATCH}`, 'content-type': 'application/grpc' };
    for (let count = 500; count <= 3_000; count += 500) {
      const streams = Array.from({ length: 500 }, () =>
        session.request(headers, { endStream: false }),
      );
      for (const stream of streams) stream.on('error', () => undefined);
      await channel.call(count - 1);
      for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
    }
    await eventually(() => channel.calls.every(({ cancelled }) => cancelled));
    const last = session.request({ ...headers, ':path': `/${PUT}` });
    last.end(Buffer.alloc(5));
    const [response] = (await once(last, 'response')) as [IncomingHttpHeaders];
    assert.equal(response[':status'], 200);
    session.destroy();
  });

  it('hands on metadata and the time allowed, and nothing of the transport', async () => {
    const channel = new FakeChannel((call) => {
      call.onHalfClose = () => queueMicrotask(() => call.end(3, ''));
    });
    const { client } = await serving(channel);
    const metadata = { token: 'abc', 'x-bin': 'AAEC,Aw', hasleader: 'true' };
    await rejects(client.unary(PUT, BODY, { metadata, timeoutMs: 1500 }), { code: 3, text: '' });
    const { options } = await channel.call(0);
    assert.equal(options.timeoutMs, 1500);
    assert.deepEqual(
      options.metadata?.map(([name, value]) => [name, Buffer.from(value)]),
      [
        ['token', Buffer.from('abc')],
        ['x-bin', Buffer.from([0, 1, 2])],
        ['x-bin', Buffer.from([3])],
        ['hasleader', Buffer.from('true')],
      ],
    );
  });

  it('takes gzip, and says what else it does not take', async () => {
    const { endpoint } = await serving();
    const compressed = (bytes: Buffer): Buffer => {
      const head = Buffer.from([1, 0, 0, 0, 0]);
      head.writeUInt32BE(bytes.length, 1);
      return Buffer.concat([head, bytes]);
    };
    const gzip = compressed(gzipSync(BODY));
    const ok = await responseOf(endpoint, PUT, { 'grpc-encoding': 'gzip' }, gzip);
    assert.equal(ok['grpc-status'], undefined, 'the status comes after the message');
    const bomb = compressed(gzipSync(Buffer.alloc(MESSAGE_BYTES_MAX + 1)));
    const cases = [
      [{ 'grpc-encoding': 'gzip' }, bomb, '8'],
      [{ 'grpc-encoding': 'snappy' }, gzip, '12'],
      [{}, gzip, '13'],
      [{ 'grpc-encoding': 'gzip' }, compressed(Buffer.from('no gzip')), '13'],
      [{}, Buffer.from([2, 0, 0, 0, 0]), '13'],
      [{}, Buffer.from([0, 0, 0, 0, 9, 1]), '13'],
      [{}, Buffer.alloc(0), '13'],
      [{ 'grpc-timeout': '0m' }, Buffer.alloc(5), '4'],
      [{ 'grpc-timeout': '1 week' }, Buffer.alloc(5), '13'],
      [{ 'x-bin': '*' }, Buffer.alloc(5), '13'],
    ] as const;
    for (const [headers, body, code] of cases) {
      const answer = await responseOf(endpoint, PUT, headers, body);
      assert.equal(answer['grpc-status'], code, JSON.stringify(headers));
    }
  });

  it('refuses what is not one of its methods as etcd does', async () => {
    const { client, endpoint } = await serving();
    const refused = (method: string, text: string): Promise<void> =>
      rejects(client.unary(method, BODY), { code: 12, text });
    await refused('etcdserverpb.KV/Swap', 'unknown method Swap for service etcdserverpb.KV');
    await refused('etcdserverpb.KW/Put', 'unknown service etcdserverpb.KW');
    await refused('Put', 'malformed method name: "/Put"');
    const other = await responseOf(endpoint, PUT, { 'content-type': 'application/json' });
    assert.equal(other[':status'], 415);
    const get = await responseOf(endpoint, PUT, { ':method': 'GET' });
    assert.equal(get[':status'], 405);
  });

  it('when stopped lets calls end, ends streams so that clients go elsewhere, and closes', async () => {
    const channel = new FakeChannel();
    const server = await serve(channel);
    running.push(server);
    const client = await GrpcClient.open(server.endpoint);
    const put = client.unary(PUT, BODY);
    const stream = client.stream(WATCH);
    const calls = [await channel.call(0), await channel.call(1)];
    const ended = server.server.stop(60_000);
    await rejects(stream.next(), { code: 14, text: 'etcdserver: server stopped' });
    const unary = calls.find(({ method }) => method === PUT);
    unary?.answer(BODY);
    unary?.end();
    assert.deepEqual(await put, BODY);
    await ended;
  });

  it('closes a connection whose client gives no sign of life', async () => {
    const server = await serve(new FakeChannel(), { intervalMs: 1, timeoutMs: 60_000 });
    running.push(server);
    const session = connect(server.endpoint);
    let pings = 0;
    session.on('ping', () => pings++);
    await eventually(() => pings > 2);
    session.destroy();
  });
});

async function rejects(
  call: Promise<unknown>,
  expected: { code: number; text: string },
): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof GrpcError, String(error));
    assert.deepEqual({ code: error.code, text: error.text }, expected);
    return true;
  });
}

type Stream = ReturnType<ReturnType<typeof connect>['request']>;

/** The first headers of the answer to a request made by hand. */
async function responseOf(
  endpoint: string,
  method: string,
  headers: Readonly<Record<string, string>>,
  body?: Buffer,
  then: (stream: Stream) => Stream = (stream) => stream.end(body),
): Promise<IncomingHttpHeaders> {
  const session = connect(endpoint);
  const stream = session.request(
    { ':method': 'POST', ':path': `/${method}`, 'content-type': 'application/grpc', ...headers },
    { endStream: false },
  );
  stream.on('error', () => undefined);
  const answer = new Promise<IncomingHttpHeaders>((resolve) => stream.once('response', resolve));
  then(stream);
  const response = await answer;
  session.destroy();
  return response;
}
