import { Code, StatusError } from '../../api/errors.ts';
import { decodeJson } from '../../api/json.ts';
import { fromNumber, WatchCreateRequest, WatchRequest } from '../../api/messages.ts';
import { JSON_REQUEST_BYTES_MAX } from '../../constants.ts';
import { encodeBase64 } from '../../lib/base64.ts';
import { encodeUtf8 } from '../../lib/utf8.ts';
import { readBody } from '../body.ts';

/**
 * What a client of server-sent events wants to watch: a `create_request` in the body, as in the other
 * forms, or the fields of one in the query (bytes in base64), or `prefix=` in plain text. Last-Event-ID
 * is the revision after which it goes on.
 * @throws StatusError InvalidArgument
 */
export async function readEventsRequest(request: Request): Promise<WatchCreateRequest> {
  const create =
    request.method === 'POST' ? await ofBody(request) : ofQuery(new URL(request.url).searchParams);
  const lastId = request.headers.get('last-event-id') ?? '';
  if (/^[0-9]{1,15}$/.test(lastId)) create.start_revision = fromNumber(Number(lastId) + 1);
  return create;
}

async function ofBody(request: Request): Promise<WatchCreateRequest> {
  const body = await readBody(request, JSON_REQUEST_BYTES_MAX);
  const { create_request: create } = decodeJson(WatchRequest, body);
  if (create !== null) return create;
  throw new StatusError(
    Code.InvalidArgument,
    'watch by server-sent events: the body holds no create_request',
  );
}

function ofQuery(query: URLSearchParams): WatchCreateRequest {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of query) {
    if (name === 'prefix') {
      const prefix = encodeUtf8(value);
      fields['key'] = encodeBase64(prefix);
      fields['range_end'] = encodeBase64(endOfPrefix(prefix));
    } else if (name === 'filters') {
      fields[name] = [...query.getAll(name)];
    } else {
      fields[name] = value === 'true' ? true : value === 'false' ? false : value;
    }
  }
  if (fields['key'] === undefined) {
    throw new StatusError(
      Code.InvalidArgument,
      'watch by server-sent events: the query has neither key= (base64) nor prefix= (text)',
    );
  }
  return decodeJson(WatchCreateRequest, JSON.stringify(fields));
}

/** First key after all that begin with `prefix`; etcd writes "no upper bound" as a zero byte. */
function endOfPrefix(prefix: Uint8Array): Uint8Array {
  const end = prefix.slice();
  for (let last = end.length - 1; last >= 0; last--) {
    const byte = end[last] ?? 0;
    if (byte === 0xff) continue;
    end[last] = byte + 1;
    return end.subarray(0, last + 1);
  }
  return new Uint8Array(1);
}
