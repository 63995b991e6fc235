/** etcd's KV over its JSON gateway, as far as the scripts here need it. Keys and values are bytes. */
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';

export interface Pair {
  readonly key: Buffer;
  readonly value: Buffer;
}

export interface StoredPair extends Pair {
  /** Of its last write. */
  readonly revision: number;
}

export interface Page {
  readonly pairs: readonly StoredPair[];
  readonly more: boolean;
  /** Of the store when it answered. */
  readonly revision: number;
}

export interface RangeOptions {
  /** Reads the store as it was then. */
  readonly revision?: number;
  readonly limit?: number;
}

/** An answer that is not 200; the message holds status and body. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';
  readonly status: number;
  readonly body: string;

  constructor(path: string, status: number, body: string) {
    super(`POST ${path}: ${status} ${body.trim()}`);
    this.status = status;
    this.body = body;
  }
}

interface RangeJson {
  readonly header?: { readonly revision?: string };
  readonly kvs?: readonly {
    readonly key?: string;
    readonly value?: string;
    readonly mod_revision?: string;
  }[];
  readonly more?: boolean;
}

/** Every method throws AnswerError when the server refuses. */
export class KvHttp {
  readonly endpoint: string;
  readonly #timeoutMs: number | undefined;

  /** @param timeoutMs a call is given up after this long; without it, when the server does */
  constructor(endpoint: string, timeoutMs?: number) {
    this.endpoint = endpoint.replace(/\/$/, '');
    this.#timeoutMs = timeoutMs;
  }

  /** Returns the revision of the write. */
  async put({ key, value }: Pair): Promise<number> {
    const body = { key: key.toString('base64'), value: value.toString('base64') };
    return revisionOf((await this.#call('/v3/kv/put', body)) as RangeJson);
  }

  async deleteKey(key: Buffer): Promise<number> {
    const body = { key: key.toString('base64') };
    return revisionOf((await this.#call('/v3/kv/deleterange', body)) as RangeJson);
  }

  async get(key: Buffer): Promise<Buffer | undefined> {
    const page = pageOf(
      (await this.#call('/v3/kv/range', { key: key.toString('base64') })) as RangeJson,
    );
    return page.pairs[0]?.value;
  }

  /** Keys from `start` to before `end`, ascending. */
  async range(start: Buffer, end: Buffer, options: RangeOptions = {}): Promise<Page> {
    return pageOf((await this.#call('/v3/kv/range', rangeBody(start, end, options))) as RangeJson);
  }

  /** The same in one answer that comes in parts, all of one revision. */
  async *rangeStream(
    start: Buffer,
    end: Buffer,
    options: RangeOptions = {},
  ): AsyncGenerator<Page, void> {
    const path = '/v3/kv/rangestream';
    const response = await this.#post(path, rangeBody(start, end, options));
    if (response.body === null) throw new AnswerError(path, response.status, 'no body');
    const lines = createInterface({ input: Readable.fromWeb(response.body) });
    for await (const line of lines) {
      if (line === '') continue;
      const { result, error } = JSON.parse(line) as {
        result?: { range_response?: RangeJson };
        error?: unknown;
      };
      if (error !== undefined) throw new AnswerError(path, response.status, line);
      yield pageOf(result?.range_response ?? {});
    }
  }

  async compact(revision: number): Promise<void> {
    await this.#call('/v3/kv/compaction', { revision: String(revision), physical: true });
  }

  async #call(path: string, body: unknown): Promise<unknown> {
    return (await this.#post(path, body)).json();
  }

  async #post(path: string, body: unknown): Promise<Response> {
    const response = await fetch(`${this.endpoint}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
      ...(this.#timeoutMs === undefined ? {} : { signal: AbortSignal.timeout(this.#timeoutMs) }),
    });
    if (!response.ok) throw new AnswerError(path, response.status, await response.text());
    return response;
  }
}

/** The first key after every key that starts with `prefix`. */
export function prefixEnd(prefix: Buffer): Buffer {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length--;
  // All of it 0xff, or empty: no such key, and etcd takes \0 for "to the end".
  if (length === 0) return Buffer.from([0]);
  const end = Buffer.from(prefix.subarray(0, length));
  end[length - 1] = (end[length - 1] ?? 0) + 1;
  return end;
}

function rangeBody(start: Buffer, end: Buffer, { revision, limit }: RangeOptions): unknown {
  return {
    key: start.toString('base64'),
    range_end: end.toString('base64'),
    ...(revision === undefined ? {} : { revision: String(revision) }),
    ...(limit === undefined ? {} : { limit: String(limit) }),
  };
}

function pageOf(json: RangeJson): Page {
  return {
    pairs: (json.kvs ?? []).map(({ key = '', value = '', mod_revision = '0' }) => ({
      key: Buffer.from(key, 'base64'),
      value: Buffer.from(value, 'base64'),
      revision: Number(mod_revision),
    })),
    more: json.more ?? false,
    revision: revisionOf(json),
  };
}

/** 0 when the answer has no header, as parts of a stream may have none. */
function revisionOf(json: RangeJson): number {
  return Number(json.header?.revision ?? '0');
}
