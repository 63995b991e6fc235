import assert from 'node:assert/strict';
import { connect, createServer as createHttp2 } from 'node:http2';
import { connect as connectTcp, type AddressInfo } from 'node:net';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { AuthorityFilter, PREFACE_BYTES } from '../../src/proxy/authority.ts';
import { createFront } from '../../src/proxy/front.ts';
import { HTTP2_OPTIONS } from '../../src/proxy/http2-options.ts';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** `:authority` as a literal that is added to the table, plain or Huffman coded (`coded`). */
function authority(value: Buffer, coded = false): Buffer {
  return Buffer.concat([Buffer.from([0x41, value.length | (coded ? 0x80 : 0)]), value]);
}

const METHOD_POST = Buffer.from([0x83]);
const SCHEME_HTTP = Buffer.from([0x86]);
/** http://127.0.0.1:2379 as HPACK codes it. */
const CODED = Buffer.from('9d29aee30c044eae05c0b86e09975f', 'hex');

function filtered(chunks: readonly Buffer[]): Buffer {
  const filter = new AuthorityFilter();
  return Buffer.concat(chunks.flatMap((chunk) => filter.push(chunk)));
}

describe('the filter for authorities', () => {
  it('replaces what nghttp2 does not take, character by character', () => {
    const before = Buffer.concat([METHOD_POST, SCHEME_HTTP]);
    const bad = frame(1, 4, 1, Buffer.concat([before, authority(Buffer.from('#a/b'))]));
    const good = frame(1, 4, 1, Buffer.concat([before, authority(Buffer.from('-a-b'))]));
    assert.deepEqual(filtered([PREFACE, bad]), Buffer.concat([PREFACE, good]));
  });

  it('leaves all else as it is, wherever the bytes are cut', () => {
    const body = Buffer.concat([METHOD_POST, authority(Buffer.from('127.0.0.1:2379'))]);
    const stream = Buffer.concat([
      PREFACE,
      frame(4, 0, 0, Buffer.alloc(12)),
      frame(1, 0x2c, 1, Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 1]), body, Buffer.alloc(2)])),
      frame(0, 1, 1, Buffer.alloc(3_000, 1)),
      frame(1, 4, 3, body),
    ]);
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 12 }), (cuts) => {
        const ends = [...cuts, stream.length].sort((a, b) => a - b);
        const chunks = ends.map((end, at) => stream.subarray(ends[at - 1] ?? 0, end));
        assert.ok(filtered(chunks).equals(stream));
      }),
    );
  });

  it('never loses or adds bytes of frames that it cannot read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (payload) => {
        const stream = Buffer.concat([PREFACE, frame(1, 4, 1, Buffer.from(payload))]);
        assert.ok(filtered([stream]).length >= PREFACE_BYTES + 9);
      }),
    );
  });
});

describe('a port that HTTP/2 and HTTP/1.1 share', () => {
  const http2 = createHttp2(HTTP2_OPTIONS);
  const authorities: string[] = [];
  http2.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    authorities.push(String(headers[':authority']));
    stream.respond({ ':status': 204 }, { endStream: true });
  });
  const front = createFront({ http2, other: (socket) => socket.end('not HTTP/2') });
  after(() => front.close());
  const port = new Promise<number>((resolve) => {
    front.listen(0, '127.0.0.1', () => resolve((front.address() as AddressInfo).port));
  });

  it('serves clients that ask at once, and again on the same connection', async () => {
    const session = connect(`http://127.0.0.1:${await port}`);
    for (let request = 0; request < 3; request++) {
      const stream = session.request({ ':path': '/' });
      await new Promise((resolve) => stream.once('response', resolve));
    }
    session.destroy();
  });

  for (const [name, block, seen] of [
    ['whose authority is a URL', authority(Buffer.from('http://a:1')), 'http:--a:1'],
    ['whose authority is a URL, coded', authority(CODED, true), 'http:--127.0.0.1:2379'],
    ['whose authority is a name', authority(Buffer.from('a:1')), 'a:1'],
  ] as const) {
    it(`serves a client that waits for the server, ${name}`, async () => {
      const socket = connectTcp(await port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(Buffer.concat([PREFACE, frame(4, 0, 0, Buffer.alloc(0))]));
      await new Promise((resolve) => socket.once('data', resolve));
      const headers = Buffer.concat([METHOD_POST, SCHEME_HTTP, Buffer.from([0x84]), block]);
      socket.write(Buffer.concat([frame(4, 1, 0, Buffer.alloc(0)), frame(1, 5, 1, headers)]));
      while (authorities.at(-1) !== seen) await new Promise((resolve) => setTimeout(resolve, 1));
      socket.destroy();
    });
  }

  it('hands over everything else with what was sent', async () => {
    const socket = connectTcp(await port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\n\r\n');
    const text = await new Promise((resolve) => socket.once('data', resolve));
    assert.equal(String(text), 'not HTTP/2');
  });
});
