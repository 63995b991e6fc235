/**
 * Which call made which revision, as the members' log tells it. The linearizability checker tries these
 * guesses first and believes none of them.
 */
import { InternalRequest, type PutRequest, type RequestOp } from '../../src/api/messages.ts';
import { byteString } from '../../src/lib/bytes.ts';
import type { Entry } from '../../src/raft/types.ts';
import type { Call } from './history.ts';
import type { Op, Request } from './kv.ts';

export class Hints {
  /** By revision: what names the request that made it. */
  readonly #names = new Map<number, string>();

  /** An entry that was applied and made `revision`. */
  note(entry: Entry, revision: number): void {
    const request = InternalRequest.decode(entry.data);
    const name = nameOfEntry(request);
    if (name !== undefined) this.#names.set(revision, name);
  }

  /** Guesses for the calls of a history. */
  over(calls: readonly Call[]): (revision: number) => number | undefined {
    const byName = new Map<string, number[]>();
    for (const call of calls) {
      if (call.outcome?.kind === 'ok' || call.outcome?.kind === 'failed') continue;
      const name = nameOfCall(call.request);
      if (name === undefined) continue;
      const known = byName.get(name);
      if (known === undefined) byName.set(name, [call.id]);
      else known.push(call.id);
    }
    // Deletions of one key share a name: each revision takes the oldest one left.
    const guesses = new Map<number, number | undefined>();
    for (const [revision, name] of [...this.#names].sort(([left], [right]) => left - right)) {
      guesses.set(revision, byName.get(name)?.shift());
    }
    return (revision) => guesses.get(revision);
  }
}

function nameOfEntry(request: InternalRequest): string | undefined {
  if (request.put !== null) return nameOfPut(request.put);
  if (request.delete_range !== null) {
    const { key, range_end } = request.delete_range;
    return `delete ${byteString(key)} ${byteString(range_end)}`;
  }
  if (request.txn === null) return undefined;
  const { success, failure } = request.txn;
  return firstOf([...success, ...failure].map(nameOfPart));
}

function nameOfPart(op: RequestOp): string | undefined {
  if (op.request_put !== null) return nameOfPut(op.request_put);
  if (op.request_txn !== null) {
    return firstOf([...op.request_txn.success, ...op.request_txn.failure].map(nameOfPart));
  }
  return undefined;
}

function nameOfPut(put: PutRequest): string {
  return `put ${byteString(put.value)}`;
}

function nameOfCall(request: Request): string | undefined {
  if (request.kind === 'delete') return `delete ${request.key} ${request.end ?? ''}`;
  return request.kind === 'compact' ? undefined : nameOfOp(request);
}

/** Values are written once, so the first one written names a request. */
function nameOfOp(op: Op): string | undefined {
  if (op.kind === 'put') return `put ${op.value}`;
  if (op.kind === 'txn') return firstOf([...op.success, ...op.failure].map(nameOfOp));
  return undefined;
}

function firstOf(names: readonly (string | undefined)[]): string | undefined {
  return names.find((name) => name !== undefined);
}
