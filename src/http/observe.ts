/**
 * /v3/election/observe: the leader's key now, and each time it changes (etcd's rule E4). A watch on all
 * candidates of the election, which outlives members as watches do, turned into the leaders it shows.
 */
import { Hono } from 'hono';
import { Code, codeOf, StatusError } from '../api/errors.ts';
import { decodeJson } from '../api/json.ts';
import {
  EventType,
  type KeyValue,
  LeaderRequest,
  LeaderResponse,
  RangeRequest,
  RangeResponse,
  type ResponseHeader,
  toNumber,
  WatchRequest,
  WatchResponse,
} from '../api/messages.ts';
import { JSON_REQUEST_BYTES_MAX } from '../constants.ts';
import { byteString, concatBytes } from '../lib/bytes.ts';
import { encodeUtf8 } from '../lib/utf8.ts';
import type { BridgedMessage } from '../member/watch-bridge.ts';
import { readBody } from './body.ts';
import type { RouterOf } from './calls.ts';
import type { Router } from './router.ts';
import { JSON_LINES, type StreamFormat } from './streams.ts';
import { streamAnswer } from './watch/routes.ts';
import { type WatchFormat, WatchSession } from './watch/session.ts';

/** What stands around a response in a line of a stream. */
const LINE_HEAD_BYTES = '{"result":'.length;
const LINE_TAIL_BYTES = '}'.length;

export function observeRoutes(routerOf: RouterOf): Hono {
  const app = new Hono();
  app.post('/v3/election/observe', async ({ req: { raw } }) => {
    const election = decodeJson(LeaderRequest, await readBody(raw, JSON_REQUEST_BYTES_MAX));
    return streamAnswer(
      raw,
      await observe(election, raw, routerOf(raw), JSON_LINES),
      JSON_LINES.contentType,
    );
  });
  return app;
}

/** Opens the stream that tells the leaders of an election. @throws StatusError */
export async function observe(
  { name }: LeaderRequest,
  request: Request,
  router: Router,
  format: StreamFormat,
): Promise<WatchSession> {
  const key = concatBytes([name, encodeUtf8('/')]);
  const range_end = concatBytes([name, encodeUtf8('0')]);
  const body = RangeRequest.encode({ key, range_end }).finish();
  const result = await router.read((member) => member.call('etcdserverpb.KV/Range', body));
  if (result.code !== 0) throw new StatusError(codeOf(result.code), result.message);
  const { header, kvs } = RangeResponse.decode(result.body);
  const election = new Leaders(kvs, header, format);
  const session = await WatchSession.open(request, router, election);
  const start_revision = toNumber(header?.revision ?? 0) + 1;
  session.request(
    decodeJson(
      WatchRequest,
      encodeUtf8(
        JSON.stringify({
          create_request: { key: base64(key), range_end: base64(range_end), start_revision },
        }),
      ),
    ),
  );
  return session;
}

function base64(bytes: Uint8Array): string {
  return btoa(byteString(bytes));
}

/** Writes an answer for every leader that the candidates' changes show. */
class Leaders implements WatchFormat {
  readonly heartbeat: Uint8Array;
  readonly #format: StreamFormat;
  readonly #candidates = new Map<string, KeyValue>();
  readonly #header: ResponseHeader | null;
  /** Key and revision of the leader written last. */
  #last = '';

  constructor(
    candidates: readonly KeyValue[],
    header: ResponseHeader | null,
    format: StreamFormat,
  ) {
    this.heartbeat = format.heartbeat;
    this.#format = format;
    for (const kv of candidates) this.#candidates.set(byteString(kv.key), kv);
    this.#header = header;
  }

  message({ line }: BridgedMessage): readonly Uint8Array[] {
    const json = line.subarray(LINE_HEAD_BYTES, line.length - LINE_TAIL_BYTES);
    const response = decodeJson(WatchResponse, json);
    if (response.canceled) {
      return this.error(new StatusError(Code.Unknown, response.cancel_reason));
    }
    if (response.created) return this.#leader(this.#header);
    const lines: Uint8Array[] = [];
    response.events.forEach(({ type, kv }, index) => {
      if (kv === null) return;
      if (type === EventType.DELETE) this.#candidates.delete(byteString(kv.key));
      else this.#candidates.set(byteString(kv.key), kv);
      // What one revision did is seen at once.
      const next = response.events[index + 1]?.kv;
      if (next?.mod_revision.equals(kv.mod_revision) === true) return;
      lines.push(...this.#leader(response.header));
    });
    return lines;
  }

  error(error: StatusError): readonly Uint8Array[] {
    return [this.#format.end(error)];
  }

  bookmark(): undefined {
    return undefined;
  }

  #leader(header: ResponseHeader | null): Uint8Array[] {
    let leader: KeyValue | undefined;
    for (const kv of this.#candidates.values()) {
      if (leader === undefined || kv.create_revision.lessThan(leader.create_revision)) leader = kv;
    }
    if (leader === undefined) return [];
    const identity = `${toNumber(leader.mod_revision)} ${byteString(leader.key)}`;
    if (identity === this.#last) return [];
    this.#last = identity;
    const body = LeaderResponse.encode({ header, kv: leader }).finish();
    return [this.#format.message(LeaderResponse, body)];
  }
}
