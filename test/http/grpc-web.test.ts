/** Goal: gRPC-Web's framing both ways, in bytes and in base64, and gRPC's own errors for what is not it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Code } from '../../src/api/errors.ts';
import { PutRequest, PutResponse, RangeResponse } from '../../src/api/messages.ts';
import { methods } from '../../src/api/schema.ts';
import { MESSAGE_BYTES_MAX } from '../../src/constants.ts';
import { FakeMember } from './support/fake-member.ts';
import { type AccessPolicy, createApp, Router } from './support/surface.ts';

const OPEN: AccessPolicy = { token: undefined, allowAnonymous: true };
const PUT = '/etcdserverpb.KV/Put';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly messages: readonly Buffer[];
  /** Of the trailers, or of the head when there are none. */
  readonly code: number;
  readonly message: string;
}

function frame(body: Uint8Array, flags = 0): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

function readAnswer(status: number, headers: Headers, body: Buffer): Answer {
  const messages: Buffer[] = [];
  let fields = headers;
  for (let at = 0; at < body.length;) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    const content = body.subarray(at + 5, end);
    if (body[at] === 0x80) {
      assert.equal(end, body.length, 'nothing follows the trailers');
      const lines = content.toString().split('\r\n').filter(Boolean);
      fields = new Headers(
        lines.map((line): [string, string] => {
          const [name = '', value = ''] = line.split(': ');
          return [name, value];
        }),
      );
    } else {
      assert.equal(body[at], 0);
      messages.push(content);
    }
    at = end;
  }
  const code = Number(fields.get('grpc-status') ?? NaN);
  return { status, headers, messages, code, message: fields.get('grpc-message') ?? '' };
}

function setUp(access: AccessPolicy = OPEN) {
  const member = new FakeMember('m1');
  const router = new Router([member.routed], { leader: undefined });
  const app = createApp({ access: () => access, routerOf: () => router });
  const call = async (path: string, body: Uint8Array | string, headers = {}): Promise<Answer> => {
    const type = typeof body === 'string' ? 'application/grpc-web-text' : 'application/grpc-web';
    const init = { method: 'POST', body, headers: { 'content-type': type, ...headers } };
    const response = await app.fetch(new Request(`http://edgetcd${path}`, init));
    const bytes = Buffer.from(await response.arrayBuffer());
    const isText = response.headers.get('content-type')?.includes('text') === true;
    const decoded = isText
      ? Buffer.concat(
          (bytes.toString().match(/[^=]+=*/g) ?? []).map((part) => Buffer.from(part, 'base64')),
        )
      : bytes;
    return readAnswer(response.status, response.headers, decoded);
  };
  return { member, app, call };
}

const put = PutRequest.encode({ key: Buffer.from('a'), value: Buffer.from('b') }).finish();

describe('a call over gRPC-Web', () => {
  it('carries its message both ways, and its status in trailers behind it', async () => {
    const { member, call } = setUp();
    member.body = PutResponse.encode({ header: { revision: 7 } }).finish();
    const { status, headers, messages, code } = await call(PUT, frame(put));
    assert.deepEqual([status, code], [200, Code.OK]);
    assert.equal(headers.get('content-type'), 'application/grpc-web+proto');
    assert.equal(headers.get('x-edgetcd-member'), 'm1');
    assert.deepEqual(messages, [Buffer.from(member.body)]);
    assert.deepEqual(member.calls, ['etcdserverpb.KV/Put']);
  });

  it('may be in base64: in one piece, or frame by frame with padding between', async () => {
    const { member, call } = setUp();
    member.body = RangeResponse.encode({ count: 3 }).finish();
    const whole = frame(put);
    const head = whole.subarray(0, 5).toString('base64');
    const texts = [whole.toString('base64'), head + whole.subarray(5).toString('base64')];
    for (const text of texts) {
      const { headers, messages, code } = await call(PUT, text);
      assert.equal(headers.get('content-type'), 'application/grpc-web-text+proto');
      assert.deepEqual([messages.length, code], [1, Code.OK], text);
    }
  });

  it('is answered in base64 when the client asks for that', async () => {
    const { headers, call } = { headers: { accept: 'application/grpc-web-text' }, ...setUp() };
    const answer = await call(PUT, frame(put), headers);
    assert.equal(answer.headers.get('content-type'), 'application/grpc-web-text+proto');
    assert.equal(answer.code, Code.OK);
  });

  it('that fails has its status in the head, with the text encoded by percent signs', async () => {
    const { member, call } = setUp();
    member.code = Code.InvalidArgument;
    member.message = 'etcdserver: 100 % of "ключ"\n';
    const { status, messages, code, message } = await call(PUT, frame(put));
    assert.deepEqual([status, messages.length, code], [200, 0, Code.InvalidArgument]);
    assert.equal(message, 'etcdserver: 100 %25 of "%D0%BA%D0%BB%D1%8E%D1%87"%0A');
  });

  it('without the token is refused as gRPC-Web', async () => {
    const { call, member } = setUp({ token: 'secret', allowAnonymous: false });
    const { status, code, message } = await call(PUT, frame(put));
    assert.deepEqual([status, code], [200, Code.Unauthenticated]);
    assert.match(message, /EDGETCD_TOKEN/);
    assert.equal(member.opened, 0);
  });

  it('ends with DeadlineExceeded when the member takes longer than the client waits', async () => {
    const { member, call } = setUp();
    member.call = () => new Promise(() => undefined);
    const { code, message } = await call(PUT, frame(put), { 'grpc-timeout': '20m' });
    assert.deepEqual([code, message], [Code.DeadlineExceeded, 'context deadline exceeded']);
  });

  it('knows every unary method of the schema', async () => {
    for (const { path, clientStreaming, serverStreaming } of methods) {
      if (clientStreaming || serverStreaming) continue;
      const { member, call } = setUp();
      assert.equal((await call(`/${path}`, frame(new Uint8Array()))).code, Code.OK, path);
      // A candidate without a lease gets one first.
      assert.equal(member.calls.at(-1), path);
    }
  });
});

describe('what is no call', () => {
  const cases: readonly [string, string, Uint8Array | string, Code, RegExp][] = [
    [
      'an unknown service',
      '/some.Thing/Do',
      frame(put),
      Code.Unimplemented,
      /^unknown service some\.Thing$/,
    ],
    [
      'an unknown method',
      '/etcdserverpb.KV/Do',
      frame(put),
      Code.Unimplemented,
      /^unknown method Do for service etcdserverpb\.KV$/,
    ],
    ['no message', PUT, new Uint8Array(), Code.Internal, /no message/],
    ['two messages', PUT, Buffer.concat([frame(put), frame(put)]), Code.Internal, /more than one/],
    ['a frame cut short', PUT, frame(put).subarray(0, 7), Code.Internal, /7 bytes of a frame/],
    ['a compressed frame', PUT, frame(put, 1), Code.Internal, /^grpc: compressed flag set/],
    ['trailers from a client', PUT, frame(put, 0x80), Code.Internal, /flags 128/],
    ['text that is no base64', PUT, '!!!!', Code.Internal, /base64/],
    ['text cut short', PUT, frame(put).toString('base64').slice(0, 9), Code.Internal, /base64/],
  ];
  for (const [what, path, body, expected, text] of cases) {
    it(`${what}: is refused`, async () => {
      const { call, member } = setUp();
      const { code, message } = await call(path, body);
      assert.equal(code, expected);
      assert.match(message, text);
      assert.deepEqual(member.calls, []);
    });
  }

  it('a message over the limit: is refused by its length alone', async () => {
    const head = Buffer.alloc(5);
    head.writeUInt32BE(MESSAGE_BYTES_MAX + 1, 1);
    const { code, message } = await setUp().call(PUT, head);
    assert.equal(code, Code.ResourceExhausted);
    assert.equal(
      message,
      `grpc: received message larger than max (${MESSAGE_BYTES_MAX + 1} vs. ${MESSAGE_BYTES_MAX})`,
    );
  });

  it('a timeout that is none: is refused', async () => {
    for (const timeout of ['1', 'S', '-1S', '123456789S', '1x']) {
      const { code } = await setUp().call(PUT, frame(put), { 'grpc-timeout': timeout });
      assert.equal(code, Code.Internal, timeout);
    }
  });

  it('another content type: 415', async () => {
    const { app } = setUp();
    const response = await app.fetch(
      new Request(`http://edgetcd${PUT}`, { method: 'POST', body: 'x' }),
    );
    assert.equal(response.status, 415);
  });
});
