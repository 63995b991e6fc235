/**
 * Goal: whatever a broken client sends over HTTP, it gets etcd's own error, nothing changes, and a
 * member writes no more to its log than it would for a good request.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type LocalCluster, startCluster } from '../../scripts/lib/cluster.ts';

interface Case {
  readonly name: string;
  readonly path: string;
  readonly method?: string;
  readonly body?: unknown;
  readonly status: number;
  /** gRPC code; absent where the answer is plain text. */
  readonly code?: number;
  readonly text: string | RegExp;
}

const MIB = 1024 * 1024;
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const put = (key: string) => ({ request_put: { key: base64(key) } });
const KEY = base64('key');

const EMPTY_KEY = { status: 400, code: 3, text: 'etcdserver: key is not provided' };
const COMPACTED = {
  status: 400,
  code: 11,
  text: 'etcdserver: mvcc: required revision has been compacted',
};
const FUTURE = {
  status: 400,
  code: 11,
  text: 'etcdserver: mvcc: required revision is a future revision',
};
const WRONG_METHOD = { status: 501, code: 12, text: 'Method Not Allowed' };

const CASES: readonly Case[] = [
  {
    name: 'a value over 1.5 MiB',
    path: '/v3/kv/put',
    body: { key: KEY, value: base64('x'.repeat(1.5 * MIB)) },
    status: 400,
    code: 3,
    text: 'etcdserver: request is too large',
  },
  {
    name: 'a message over 2 MiB',
    path: '/v3/kv/put',
    body: { key: KEY, value: base64('x'.repeat(2 * MIB)) },
    status: 429,
    code: 8,
    text: /^grpc: received message larger than max \(\d+ vs\. 2097152\)$/,
  },
  {
    name: 'a body of 6 MiB',
    path: '/v3/kv/put',
    body: 'x'.repeat(6 * MIB),
    status: 429,
    code: 8,
    text: /^grpc: received message larger than max \(6291456 vs\. \d+\)$/,
  },
  {
    name: '129 operations',
    path: '/v3/kv/txn',
    body: { success: Array.from({ length: 129 }, (_, at) => put(`key ${at}`)) },
    status: 400,
    code: 3,
    text: 'etcdserver: too many operations in txn request',
  },
  {
    name: '129 operations, most of them nested',
    path: '/v3/kv/txn',
    body: {
      success: [
        { request_txn: { success: Array.from({ length: 128 }, (_, at) => put(`key ${at}`)) } },
      ],
    },
    status: 400,
    code: 3,
    text: 'etcdserver: too many operations in txn request',
  },
  {
    name: 'a key written twice in a transaction',
    path: '/v3/kv/txn',
    body: { success: [put('twice'), put('twice')] },
    status: 400,
    code: 3,
    text: 'etcdserver: duplicate key given in txn request',
  },
  {
    name: 'bad base64',
    path: '/v3/kv/put',
    body: { key: '!!' },
    status: 400,
    code: 3,
    text: 'illegal base64 data at input byte 0',
  },
  {
    name: 'JSON that ends early',
    path: '/v3/kv/put',
    body: '{"key":',
    status: 400,
    code: 3,
    text: 'unexpected EOF',
  },
  {
    name: 'JSON of another shape',
    path: '/v3/kv/put',
    body: '[]',
    status: 400,
    code: 3,
    text: 'json: cannot unmarshal array into Go value of type map[string]json.RawMessage',
  },
  {
    name: 'bad UTF-8 in JSON',
    path: '/v3/kv/put',
    body: Buffer.from('{"key":"\xff\xfe"}', 'latin1'),
    status: 400,
    code: 3,
    text: 'invalid UTF-8 in JSON input',
  },
  {
    name: 'a number beyond int64',
    path: '/v3/kv/range',
    body: { key: KEY, revision: '9223372036854775808' },
    status: 400,
    code: 3,
    text: 'json: cannot unmarshal number 9223372036854775808 into Go value of type int64',
  },
  {
    name: 'an unknown route of the API',
    path: '/v3/kv/nothing',
    body: {},
    status: 404,
    code: 5,
    text: 'Not Found',
  },
  {
    name: 'an unknown route',
    path: '/nothing',
    body: {},
    status: 404,
    text: '404 page not found\n',
  },
  { name: 'GET of a method', path: '/v3/kv/put', method: 'GET', ...WRONG_METHOD },
  { name: 'PUT of a method', path: '/v3/kv/put', method: 'PUT', body: {}, ...WRONG_METHOD },
  { name: 'DELETE of a method', path: '/v3/kv/range', method: 'DELETE', ...WRONG_METHOD },
  {
    name: 'POST of /version',
    path: '/version',
    body: {},
    status: 405,
    text: 'Method Not Allowed\n',
  },
  { name: 'POST of /health', path: '/health', body: {}, status: 405, text: 'Method Not Allowed\n' },
  { name: 'put of the empty key', path: '/v3/kv/put', body: { value: KEY }, ...EMPTY_KEY },
  { name: 'put without a body', path: '/v3/kv/put', body: '', ...EMPTY_KEY },
  { name: 'range of the empty key', path: '/v3/kv/range', body: {}, ...EMPTY_KEY },
  { name: 'stream of the empty key', path: '/v3/kv/rangestream', body: {}, ...EMPTY_KEY },
  { name: 'delete of the empty key', path: '/v3/kv/deleterange', body: {}, ...EMPTY_KEY },
  {
    name: 'transaction with the empty key',
    path: '/v3/kv/txn',
    body: { success: [put('sound'), { request_put: {} }] },
    ...EMPTY_KEY,
  },
  { name: 'range compacted', path: '/v3/kv/range', body: { key: KEY, revision: 2 }, ...COMPACTED },
  {
    name: 'stream compacted',
    path: '/v3/kv/rangestream',
    body: { key: KEY, revision: 2 },
    ...COMPACTED,
  },
  {
    name: 'transaction at a compacted revision, after a write',
    path: '/v3/kv/txn',
    body: { success: [put('sound'), { request_range: { key: KEY, revision: 2 } }] },
    ...COMPACTED,
  },
  { name: 'compaction again', path: '/v3/kv/compaction', body: { revision: 2 }, ...COMPACTED },
  { name: 'range in future', path: '/v3/kv/range', body: { key: KEY, revision: 99 }, ...FUTURE },
  { name: 'compaction in future', path: '/v3/kv/compaction', body: { revision: 99 }, ...FUTURE },
  {
    name: 'a lease nobody granted',
    path: '/v3/kv/put',
    body: { key: KEY, lease: '4711' },
    status: 404,
    code: 5,
    text: 'etcdserver: requested lease not found',
  },
  {
    name: 'ignore_value with a value',
    path: '/v3/kv/put',
    body: { key: KEY, value: KEY, ignore_value: true },
    status: 400,
    code: 3,
    text: 'etcdserver: value is provided',
  },
  {
    name: 'ignore_value of a key that is not there',
    path: '/v3/kv/put',
    body: { key: base64('absent'), ignore_value: true },
    status: 400,
    code: 3,
    text: 'etcdserver: key not found',
  },
  {
    name: 'an unknown sort order',
    path: '/v3/kv/range',
    body: { key: KEY, sort_order: 9 },
    status: 400,
    code: 3,
    text: 'etcdserver: invalid sort option',
  },
];

describe('bad input over HTTP', () => {
  let cluster: LocalCluster | undefined;
  const lines: string[] = [];
  const ask = async (path: string, init: RequestInit): Promise<Response> =>
    fetch(`${cluster?.endpoints[0] ?? ''}${path}`, init);
  const post = (path: string, body: unknown): Promise<Response> =>
    ask(path, { method: 'POST', body: bodyOf(body) });
  /** Everything that a client can see of the store. */
  const contents = async (): Promise<unknown> => {
    const response = await post('/v3/kv/range', { key: 'AA==', range_end: 'AA==' });
    assert.equal(response.status, 200);
    const { header, kvs } = (await response.json()) as Record<string, Record<string, unknown>>;
    return { revision: header?.['revision'], kvs };
  };

  before(async () => {
    cluster = await startCluster({ onLine: (_, line) => lines.push(line) });
    await cluster.ready();
    for (const value of ['one', 'two', 'three', 'four']) {
      await post('/v3/kv/put', { key: KEY, value: base64(value) });
    }
    await post('/v3/kv/compaction', { revision: 4 });
  });
  after(() => cluster?.stop());

  for (const { name, path, method = 'POST', body, status, code, text } of CASES) {
    it(`${name} is refused as etcd does`, async () => {
      const before = await contents();
      const loggedBefore = lines.length;
      const hasBody = body !== undefined;
      const response = await ask(path, { method, ...(hasBody ? { body: bodyOf(body) } : {}) });
      const answer = await response.text();
      assert.equal(response.status, status, answer);
      const { message, code: found } =
        code === undefined ? { message: answer } : (JSON.parse(answer) as Record<string, unknown>);
      if (typeof text === 'string') assert.equal(message, text);
      else assert.match(String(message), text);
      assert.equal(found, code);
      assert.deepEqual(await contents(), before);
      assert.deepEqual(lines.slice(loggedBefore), [], 'a bad request is no event for the log');
    });
  }

  it('refuses a path with two parts of a method as it refuses others', async () => {
    for (const path of ['/v3/', '/v3/kv', '/v3/kv/put/', '/v3/kv/put/more', '/v3//kv/put']) {
      const response = await post(path, {});
      assert.equal(response.status, 404, path);
      assert.deepEqual(await response.json(), {
        error: 'Not Found',
        message: 'Not Found',
        code: 5,
      });
    }
  });

  it('takes the spellings of older releases', async () => {
    for (const prefix of ['/v3', '/v3alpha', '/v3beta']) {
      const good = await post(`${prefix}/kv/range`, { key: KEY });
      assert.equal(good.status, 200, prefix);
      const bad = await post(`${prefix}/kv/range`, {});
      assert.equal(bad.status, 400, prefix);
    }
  });
});

function bodyOf(body: unknown): string | Uint8Array<ArrayBuffer> {
  if (typeof body === 'string') return body;
  return body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body);
}
