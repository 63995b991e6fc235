import { after, before, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { median, percentile } from '../../scripts/bench/lib.ts';
import { HttpConnection, httpLoad, httpRequest } from '../../scripts/lib/http-load.ts';
import { prefixEnd } from '../../scripts/lib/kv-http.ts';

describe('median', () => {
  it('is the middle of an odd count and between the two middles of an even one', () => {
    assert.equal(median([9, 1, 5]), 5);
    assert.equal(median([4, 1, 3, 2]), 2.5);
  });

  it('refuses no values', () => assert.throws(() => median([]), /no values/));
});

describe('percentile', () => {
  it('takes the value below which that share lies', () => {
    const values = Float64Array.from({ length: 100 }, (_, index) => index);
    assert.deepEqual(
      [0, 50, 99, 100].map((percent) => percentile(values, percent)),
      [0, 50, 99, 99],
    );
  });
});

describe('prefixEnd', () => {
  for (const [prefix, end] of [
    ['61', '62'],
    ['61ff', '62'],
    ['61ff00', '61ff01'],
    ['ffff', '00'],
    ['', '00'],
  ] as const) {
    it(`of ${prefix === '' ? 'nothing' : prefix} is ${end}`, () => {
      assert.equal(prefixEnd(Buffer.from(prefix, 'hex')).toString('hex'), end);
    });
  }
});

/** Goal: the client that benchmarks use reads answers of every framing, whole and in order. */
describe('HttpConnection', () => {
  let server: Server;
  let endpoint: string;

  before(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        if (request.url === '/refused') response.statusCode = 503;
        // Without a known length node:http answers in chunks.
        if (request.url === '/chunked') response.write('first ');
        response.end(`${request.method ?? ''} ${body}`);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    endpoint = `http://127.0.0.1:${address.port}`;
  });

  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it('sends one request after the other', async () => {
    const connection = await HttpConnection.open(endpoint);
    assert.equal((await connection.send(httpRequest('GET', '/'))).toString(), 'GET ');
    assert.equal((await connection.send(httpRequest('POST', '/', 'é'))).toString(), 'POST é');
    connection.close();
  });

  it('waits for the last chunk', async () => {
    const connection = await HttpConnection.open(endpoint);
    const body = (await connection.send(httpRequest('POST', '/chunked', 'x'))).toString();
    assert.ok(body.includes('first ') && body.includes('POST x') && body.endsWith('\r\n0\r\n\r\n'));
    connection.close();
  });

  it('fails with the answer when the server refuses', async () => {
    const connection = await HttpConnection.open(endpoint);
    await assert.rejects(connection.send(httpRequest('POST', '/refused', 'x')), /503.*POST x/);
    connection.close();
  });

  it('counts what it did', async () => {
    let made = 0;
    const result = await httpLoad({
      endpoints: [endpoint],
      connections: 3,
      durationMs: 50,
      next: () => {
        made++;
        return httpRequest('GET', '/');
      },
    });
    assert.equal(result.requests, made);
    assert.equal(result.latenciesMs.length, made);
    assert.ok(made >= 3);
  });
});
