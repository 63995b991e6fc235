/** Between the plain requests of the workloads and etcd's messages. */
import { Code } from '../../src/api/errors.ts';
import { decodeJson, encodeJson } from '../../src/api/json.ts';
import {
  type CompareInput,
  CompactionRequest,
  CompactionResponse,
  CompareResult,
  CompareTarget,
  DeleteRangeRequest,
  DeleteRangeResponse,
  type KeyValue,
  type MessageType,
  PutRequest,
  PutResponse,
  RangeRequest,
  type RangeRequestInput,
  RangeResponse,
  type RequestOpInput,
  type ResponseHeader,
  type ResponseOp,
  toNumber,
  TxnRequest,
  type TxnRequestInput,
  TxnResponse,
} from '../../src/api/messages.ts';
import { byteString, bytesOf } from '../../src/lib/bytes.ts';
import type { Compare, Op, Outcome, Pair, RangeOp, Request, Result, TxnOp } from './kv.ts';
import { mayWrite } from './kv.ts';

/** A call as members take it. */
export interface EncodedCall {
  /** Full name, such as `etcdserverpb.KV/Put`. */
  readonly method: string;
  readonly body: Uint8Array;
}

/** How one kind of request travels. */
interface Rpc {
  readonly name: string;
  /** Path of etcd's JSON gateway. */
  readonly path: string;
  readonly request: MessageType;
  readonly response: MessageType;
}

const rpc = (name: string, path: string, request: unknown, response: unknown): Rpc => ({
  name: `etcdserverpb.KV/${name}`,
  path: `/v3/kv/${path}`,
  request: request as MessageType,
  response: response as MessageType,
});

const RPCS: Readonly<Record<Request['kind'], Rpc>> = {
  range: rpc('Range', 'range', RangeRequest, RangeResponse),
  put: rpc('Put', 'put', PutRequest, PutResponse),
  delete: rpc('DeleteRange', 'deleterange', DeleteRangeRequest, DeleteRangeResponse),
  txn: rpc('Txn', 'txn', TxnRequest, TxnResponse),
  compact: rpc('Compact', 'compaction', CompactionRequest, CompactionResponse),
};

export function encodeCall(request: Request): EncodedCall {
  const { name, request: type } = RPCS[request.kind];
  return { method: name, body: type.encode(fieldsOf(request)).finish() };
}

/** A call as etcd's JSON gateway takes it. */
export function encodeJsonCall(request: Request): { readonly path: string; readonly body: string } {
  const { path, request: type } = RPCS[request.kind];
  return { path, body: encodeJson(type, fieldsOf(request)) };
}

/** The fields of a request's message. */
function fieldsOf(request: Request): object {
  switch (request.kind) {
    case 'range':
      return rangeFields(request, request.serializable);
    case 'put':
      return {
        key: bytesOf(request.key),
        value: bytesOf(request.value),
        prev_kv: request.prev ?? false,
      };
    case 'delete':
      return {
        key: bytesOf(request.key),
        range_end: endOf(request.end),
        prev_kv: request.prev ?? false,
      };
    case 'txn':
      return txnFields(request, request.serializable);
    case 'compact':
      return { revision: request.revision };
  }
}

function rangeFields(op: RangeOp, serializable = false): RangeRequestInput {
  return {
    key: bytesOf(op.key),
    range_end: endOf(op.end),
    revision: op.revision ?? 0,
    limit: op.limit ?? 0,
    keys_only: op.keysOnly ?? false,
    count_only: op.countOnly ?? false,
    serializable,
  };
}

function txnFields(op: TxnOp, serializable = false): TxnRequestInput {
  const part = (each: Op): RequestOpInput => opFields(each, serializable);
  return {
    compare: op.compares.map(compareFields),
    success: op.success.map(part),
    failure: op.failure.map(part),
  };
}

function opFields(op: Op, serializable: boolean): RequestOpInput {
  switch (op.kind) {
    case 'range':
      return { request_range: rangeFields(op, serializable) };
    case 'put':
      return { request_put: fieldsOf(op) };
    case 'delete':
      return { request_delete_range: fieldsOf(op) };
    case 'txn':
      return { request_txn: txnFields(op, serializable) };
  }
}

const RELATIONS = {
  '=': CompareResult.EQUAL,
  '!=': CompareResult.NOT_EQUAL,
  '<': CompareResult.LESS,
  '>': CompareResult.GREATER,
} as const;

function compareFields(compare: Compare): CompareInput {
  const { against } = compare;
  const common = {
    key: bytesOf(compare.key),
    range_end: endOf(compare.end),
    result: RELATIONS[compare.relation],
  };
  switch (compare.target) {
    case 'version':
      return { ...common, target: CompareTarget.VERSION, version: Number(against) };
    case 'create':
      return { ...common, target: CompareTarget.CREATE, create_revision: Number(against) };
    case 'mod':
      return { ...common, target: CompareTarget.MOD, mod_revision: Number(against) };
    case 'value':
      return { ...common, target: CompareTarget.VALUE, value: bytesOf(String(against)) };
  }
}

function endOf(end: string | undefined): Uint8Array {
  return bytesOf(end ?? '');
}

/** What a member answered. `code` 0 is success, `body` then the encoded response. */
export interface EncodedAnswer {
  readonly code: number;
  readonly message: string;
  readonly body: Uint8Array;
}

/** Codes of answers that say for certain that nothing was done. */
const REFUSALS: ReadonlySet<number> = new Set([
  Code.InvalidArgument,
  Code.OutOfRange,
  Code.ResourceExhausted,
  Code.FailedPrecondition,
  Code.NotFound,
  Code.Unimplemented,
]);

export function decodeAnswer(request: Request, answer: EncodedAnswer): Outcome {
  if (answer.code === Code.OK) return { kind: 'ok', result: decodeResult(request, answer.body) };
  const certain = REFUSALS.has(answer.code) || (request.kind !== 'compact' && !mayWrite(request));
  return { kind: certain ? 'failed' : 'unknown', error: answer.message };
}

/** What the JSON gateway answered. */
export function decodeJsonAnswer(request: Request, status: number, text: string): Outcome {
  if (status === 200) {
    const message = decodeJson<object>(RPCS[request.kind].response, text);
    return { kind: 'ok', result: resultOf(request, message) };
  }
  const { code, message } = JSON.parse(text) as { code?: number; message?: string };
  return decodeAnswer(request, {
    code: code ?? Code.Unknown,
    message: message ?? text,
    body: new Uint8Array(0),
  });
}

function decodeResult(request: Request, body: Uint8Array): Result {
  return resultOf(request, RPCS[request.kind].response.decode(body));
}

function resultOf(request: Request, message: object): Result {
  switch (request.kind) {
    case 'range':
      return rangeResult(message as RangeResponse);
    case 'put':
      return putResult(message as PutResponse);
    case 'delete':
      return deleteResult(message as DeleteRangeResponse);
    case 'txn':
      return txnResult(message as TxnResponse);
    case 'compact':
      return { kind: 'compact', revision: revisionOf((message as CompactionResponse).header) };
  }
}

function rangeResult(response: RangeResponse): Result {
  return {
    kind: 'range',
    revision: revisionOf(response.header),
    pairs: response.kvs.map(pairOf),
    count: toNumber(response.count),
    more: response.more,
  };
}

function putResult(response: PutResponse): Result {
  const { prev_kv } = response;
  const prev = prev_kv === null ? undefined : pairOf(prev_kv);
  return { kind: 'put', revision: revisionOf(response.header), prev };
}

function deleteResult(response: DeleteRangeResponse): Result {
  return {
    kind: 'delete',
    revision: revisionOf(response.header),
    deleted: toNumber(response.deleted),
    prevs: response.prev_kvs.map(pairOf),
  };
}

function txnResult(response: TxnResponse): Result {
  return {
    kind: 'txn',
    revision: revisionOf(response.header),
    succeeded: response.succeeded,
    results: response.responses.map(opResult),
  };
}

function opResult(op: ResponseOp): Result {
  if (op.response_range !== null) return rangeResult(op.response_range);
  if (op.response_put !== null) return putResult(op.response_put);
  if (op.response_delete_range !== null) return deleteResult(op.response_delete_range);
  if (op.response_txn !== null) return txnResult(op.response_txn);
  throw new Error('decode transaction response: an operation without an answer');
}

/** Parts of a transaction may come without a header of their own. */
function revisionOf(header: ResponseHeader | null): number {
  return header === null ? 0 : toNumber(header.revision);
}

function pairOf(kv: KeyValue): Pair {
  return {
    key: byteString(kv.key),
    value: byteString(kv.value),
    create: toNumber(kv.create_revision),
    mod: toNumber(kv.mod_revision),
    version: toNumber(kv.version),
  };
}
