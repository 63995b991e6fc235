/**
 * Requests and answers of the KV service as the workloads and checkers speak of them: plain values,
 * keys and values as text, so that a history can be printed, compared and kept.
 */

export interface Pair {
  readonly key: string;
  readonly value: string;
  readonly create: number;
  readonly mod: number;
  readonly version: number;
}

export interface RangeOp {
  readonly kind: 'range';
  readonly key: string;
  /** Exclusive; '\0' means every key from `key` on; undefined: the one key. */
  readonly end?: string;
  /** 0: the newest. */
  readonly revision?: number;
  readonly limit?: number;
  readonly keysOnly?: boolean;
  readonly countOnly?: boolean;
}

export interface PutOp {
  readonly kind: 'put';
  readonly key: string;
  readonly value: string;
  readonly prev?: boolean;
}

export interface DeleteOp {
  readonly kind: 'delete';
  readonly key: string;
  readonly end?: string;
  readonly prev?: boolean;
}

export interface Compare {
  readonly key: string;
  readonly end?: string;
  readonly target: 'version' | 'create' | 'mod' | 'value';
  readonly relation: '=' | '!=' | '<' | '>';
  /** A number but for the target `value`. */
  readonly against: number | string;
}

export interface TxnOp {
  readonly kind: 'txn';
  readonly compares: readonly Compare[];
  readonly success: readonly Op[];
  readonly failure: readonly Op[];
}

export type Op = RangeOp | PutOp | DeleteOp | TxnOp;

export interface CompactRequest {
  readonly kind: 'compact';
  readonly revision: number;
}

/** What a client asks. `serializable` reads may be stale. */
export type Request = (Op & { readonly serializable?: boolean }) | CompactRequest;

/** `revision` is the header's: the store's newest at the moment the request took effect. */
export type Result =
  | {
      readonly kind: 'range';
      readonly revision: number;
      readonly pairs: readonly Pair[];
      readonly count: number;
      readonly more: boolean;
    }
  | { readonly kind: 'put'; readonly revision: number; readonly prev?: Pair | undefined }
  | {
      readonly kind: 'delete';
      readonly revision: number;
      readonly deleted: number;
      readonly prevs?: readonly Pair[];
    }
  | {
      readonly kind: 'txn';
      readonly revision: number;
      readonly succeeded: boolean;
      readonly results: readonly Result[];
    }
  | { readonly kind: 'compact'; readonly revision: number };

export type Outcome =
  | { readonly kind: 'ok'; readonly result: Result }
  /** Refused: it certainly had no effect. `error` is etcd's text, or a name of our own. */
  | { readonly kind: 'failed'; readonly error: string }
  /** No answer, or one that leaves the fate open. */
  | { readonly kind: 'unknown'; readonly error: string };

export const COMPACTED = 'etcdserver: mvcc: required revision has been compacted';
export const FUTURE_REVISION = 'etcdserver: mvcc: required revision is a future revision';

/** Something clients can talk to: a simulated cluster, real processes, a model. */
export interface KvClient {
  call(request: Request): Promise<Outcome>;
}

/** Could the request change the store, whatever it finds there? */
export function mayWrite(request: Request): boolean {
  switch (request.kind) {
    case 'range':
    case 'compact':
      return false;
    case 'put':
    case 'delete':
      return true;
    case 'txn':
      return [...request.success, ...request.failure].some(mayWrite);
  }
}

/** Did the request, by its answer, change the store? Then its revision is its own. */
export function didWrite(result: Result): boolean {
  switch (result.kind) {
    case 'range':
    case 'compact':
      return false;
    case 'put':
      return true;
    case 'delete':
      return result.deleted > 0;
    case 'txn':
      return result.results.some(didWrite);
  }
}

/** Every pair an answer shows. */
export function pairsOf(result: Result): Pair[] {
  switch (result.kind) {
    case 'range':
      return [...result.pairs];
    case 'put':
      return result.prev === undefined ? [] : [result.prev];
    case 'delete':
      return [...(result.prevs ?? [])];
    case 'txn':
      return result.results.flatMap(pairsOf);
    case 'compact':
      return [];
  }
}

/** Does `key` lie in the range an op names? */
export function inRange(key: string, start: string, end: string | undefined): boolean {
  if (end === undefined) return key === start;
  return key >= start && (end === '\0' || key < end);
}
