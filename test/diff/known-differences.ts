/**
 * Where an answer may differ from etcd 3.4's, and why. Each entry explains as little as it can, and a
 * run counts how often each one was needed.
 */
import type { Answer, Operation } from './operation.ts';

/** An answer with its body read. */
export interface ParsedAnswer {
  readonly status: number;
  readonly contentType: string | null;
  readonly body: unknown;
}

export interface KnownDifference {
  readonly id: string;
  readonly reason: string;
  /**
   * What edgetcd should answer where etcd 3.4 answered `reference`. The reference itself if the entry
   * has no say. `subject` is looked at only where the right answer cannot be told from the rest.
   */
  readonly expected: (
    operation: Operation,
    reference: ParsedAnswer,
    subject: ParsedAnswer,
  ) => ParsedAnswer;
}

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    id: 'keys-only-lease',
    reason:
      'Since 3.7 keys_only is answered from the index, which does not know leases: `lease` is left out ' +
      'unless the sort target is VALUE.',
    expected: (operation, reference) =>
      reference.status === 200
        ? { ...reference, body: withoutLeases(parsed(operation.body), reference.body) }
        : reference,
  },
  {
    id: 'sort-option',
    reason: 'Since 3.6 a sort order that does not exist is refused; 3.4 takes it for NONE.',
    expected: (operation, reference, subject) =>
      operation.path.endsWith('/kv/range') &&
      field(parsed(operation.body), 'sort_order') === 7 &&
      errorText(subject) === 'etcdserver: invalid sort option'
        ? subject
        : reference,
  },
  {
    id: 'txn-check-order',
    reason:
      'Of several operations in a transaction that cannot be run, 3.7 reports the first; 3.4 looks at all ' +
      'puts before all ranges, and at kept values before leases. Nothing is applied either way.',
    expected: (operation, reference, subject) =>
      operation.path.endsWith('/kv/txn') && isTxnCheck(reference) && isTxnCheck(subject)
        ? subject
        : reference,
  },
  {
    id: 'failed-precondition-status',
    reason: 'The gateway answers FailedPrecondition with 412 in 3.4 and with 400 since 3.6.',
    expected: (_operation, reference) =>
      reference.status === 412 ? { ...reference, status: 400 } : reference,
  },
];

const TXN_CHECK_ERRORS: readonly unknown[] = [
  'etcdserver: mvcc: required revision has been compacted',
  'etcdserver: mvcc: required revision is a future revision',
  'etcdserver: requested lease not found',
  'etcdserver: key not found',
];

function isTxnCheck(answer: ParsedAnswer): boolean {
  return answer.status !== 200 && TXN_CHECK_ERRORS.includes(errorText(answer));
}

function errorText({ body }: ParsedAnswer): unknown {
  return field(body, 'message');
}

/** A response to `request` with the leases taken out of pairs that were read by keys_only. */
function withoutLeases(request: unknown, response: unknown): unknown {
  if (!isObject(request) || !isObject(response)) return response;
  if (Array.isArray(response['kvs'])) {
    if (field(request, 'keys_only') !== true) return response;
    if (['VALUE', 4].includes(field(request, 'sort_target') as string | number)) return response;
    return { ...response, kvs: response['kvs'].map(withoutLease) };
  }
  if (!Array.isArray(response['responses'])) return response;
  const ops = field(request, response['succeeded'] === true ? 'success' : 'failure');
  const responses = (response['responses'] as unknown[]).map((item, at) =>
    opWithoutLeases(Array.isArray(ops) ? ops[at] : undefined, item),
  );
  return { ...response, responses };
}

function opWithoutLeases(op: unknown, response: unknown): unknown {
  if (!isObject(response)) return response;
  for (const kind of ['range', 'txn']) {
    const inner = response[`response_${kind}`];
    if (inner === undefined) continue;
    return { [`response_${kind}`]: withoutLeases(field(op, `request_${kind}`), inner) };
  }
  return response;
}

function withoutLease(kv: unknown): unknown {
  if (!isObject(kv)) return kv;
  return Object.fromEntries(Object.entries(kv).filter(([name]) => name !== 'lease'));
}

/** A field of a request, in either spelling. */
function field(value: unknown, name: string): unknown {
  if (!isObject(value)) return undefined;
  const camel = name.replace(/_(.)/g, (_, next: string) => next.toUpperCase());
  return value[name] ?? value[camel];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The answer with ids that differ between clusters replaced, and its body read. */
export function normalized(answer: Answer): ParsedAnswer {
  const body = parsed(answer.body);
  if (body === undefined) return answer;
  return { ...answer, body: withoutIds(body) };
}

function withoutIds(body: unknown): unknown {
  // One message of a stream.
  if (isObject(body) && isObject(body['result'])) {
    return { ...body, result: withoutIds(body['result']) };
  }
  if (!isObject(body) || !isObject(body['header'])) return body;
  const header = { ...body['header'] };
  for (const id of ['cluster_id', 'member_id', 'raft_term']) {
    // Presence and form are compared, the value is not.
    if (typeof header[id] === 'string' && /^[1-9]\d*$/.test(header[id])) header[id] = `<${id}>`;
  }
  return { ...body, header };
}
