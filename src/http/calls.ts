/** How calls of the HTTP surface reach members, whatever they were encoded in. */
import { codeOf, StatusError } from '../api/errors.ts';
import { type MessageType, messageTypes, type TxnRequest } from '../api/messages.ts';
import type { MethodSchema } from '../api/schema.ts';
import { CONSISTENCY_HEADER, CONSISTENCY_QUERY } from '../api/consistency.ts';
import type { CallOptions, CallResult } from '../member/rpc.ts';
import type { Router } from './router.ts';

export type RouterOf = (request: Request) => Router;

/** Server streams that members answer page by page: whoever reads pulls the next one. */
export const PAGED_METHODS: ReadonlySet<string> = new Set([
  'etcdserverpb.KV/RangeStream',
  'etcdserverpb.Maintenance/Snapshot',
]);

const READ_METHODS: ReadonlySet<string> = new Set([
  'etcdserverpb.KV/Range',
  'etcdserverpb.Lease/LeaseTimeToLive',
  'etcdserverpb.Lease/LeaseLeases',
  'etcdserverpb.Cluster/MemberList',
  'etcdserverpb.Maintenance/Status',
  'etcdserverpb.Maintenance/Hash',
  'etcdserverpb.Maintenance/HashKV',
]);

/** @param message the request that `body` encodes; asked for where it decides about the way */
export function callUnary(
  request: Request,
  router: Router,
  method: MethodSchema,
  body: Uint8Array,
  message: () => object,
): Promise<CallResult> {
  if (isRead(method, message)) {
    return router.read((member) => member.call(method.path, body, optionsOf(request)));
  }
  const options = { ...optionsOf(request), near: router.nearestName };
  return router.write((member) => member.call(method.path, body, options));
}

/** One page of a method of PAGED_METHODS: the first, or the one behind `cursor`. */
export function callPage(
  request: Request,
  router: Router,
  path: string,
  body: Uint8Array,
  cursor: Uint8Array | undefined,
): Promise<CallResult> {
  return router.read((member) => member.page(path, body, cursor, optionsOf(request)));
}

/** How fresh a read has to be: a header, or for those who cannot set one a query. */
function optionsOf({ headers, url }: Request): CallOptions {
  const isAsked = url.includes(CONSISTENCY_QUERY);
  const consistency =
    headers.get(CONSISTENCY_HEADER) ??
    (isAsked ? new URL(url).searchParams.get(CONSISTENCY_QUERY) : null);
  return consistency === null ? {} : { consistency };
}

/** Reads go to the nearest member; a transaction is one when nothing in it can write. */
function isRead(method: MethodSchema, message: () => object): boolean {
  if (method.path === 'etcdserverpb.KV/Txn') {
    const { success, failure } = message() as TxnRequest;
    return [...success, ...failure].every((op) => op.request_range !== null);
  }
  return READ_METHODS.has(method.path);
}

/** @throws RangeError for a name that the schema does not have */
export function messageTypeNamed(name: string): MessageType {
  const types: Readonly<Record<string, MessageType>> = messageTypes;
  const type = types[name];
  if (type === undefined) throw new RangeError(`serve ${name}: no such message type`);
  return type;
}

/** What a member answered instead of a response. */
export function statusOf(result: CallResult): StatusError {
  return new StatusError(codeOf(result.code), result.message);
}

/** Tells the client who answered, and how fresh that member was. */
export function withServed(response: Response, { served }: CallResult): Response {
  const { headers } = response;
  headers.set('X-Edgetcd-Member', served.member);
  if (served.region !== '') headers.set('X-Edgetcd-Region', served.region);
  if (served.leader !== undefined) headers.set('X-Edgetcd-Leader', served.leader);
  if (served.revision !== undefined) headers.set('X-Edgetcd-Revision', String(served.revision));
  if (served.stalenessMs !== undefined) {
    headers.set('X-Edgetcd-Staleness-Ms', String(Math.ceil(served.stalenessMs)));
  }
  return response;
}
