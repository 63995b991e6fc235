/**
 * Which call made which revision, as the members' log tells it. The linearizability checker tries these
 * guesses first and believes none of them.
 */
import {
  type DeleteRangeRequest,
  InternalRequest,
  type PutRequest,
  type RequestOp,
  type TxnRequest,
} from '../../src/api/messages.ts';
import { byteString } from '../../src/lib/bytes.ts';
import type { Entry } from '../../src/raft/types.ts';
import type { Call } from './history.ts';
import { didWrite, type Op, type Request } from './kv.ts';

export class Hints {
  /** By revision: the entry that made it, which may yet prove to be lost with its member. */
  readonly #entries = new Map<number, { readonly entry: Entry; readonly confirmed: boolean }>();

  /** An entry that a member applied and got confirmed, and that made `revision`. */
  note(entry: Entry, revision: number): void {
    if (this.#entries.get(revision)?.confirmed === true) return;
    this.#entries.set(revision, { entry, confirmed: true });
  }

  /** The same before it is confirmed: all there is to go by where nothing ever was. */
  noteEarly(entry: Entry, revision: number): void {
    if (this.#entries.get(revision)?.confirmed === true) return;
    this.#entries.set(revision, { entry, confirmed: false });
  }

  /** Guesses for the calls of a history. */
  over(calls: readonly Call[]): (revision: number) => number | undefined {
    const byName = new Map<string, number[]>();
    const owned = new Set<number>();
    for (const call of calls) {
      if (call.outcome?.kind === 'ok' && didWrite(call.outcome.result)) {
        owned.add(call.outcome.result.revision);
      }
      if (call.outcome?.kind === 'ok' || call.outcome?.kind === 'failed') continue;
      const name = nameOfCall(call.request);
      if (name === undefined) continue;
      const known = byName.get(name);
      if (known === undefined) byName.set(name, [call.id]);
      else known.push(call.id);
    }
    // Deletions of one key share a name: each revision that nobody owns takes the oldest one left.
    const guesses = new Map<number, number | undefined>();
    for (const [revision, { entry }] of [...this.#entries].sort(
      ([left], [right]) => left - right,
    )) {
      if (owned.has(revision)) continue;
      const name = nameOfEntry(InternalRequest.decode(entry.data));
      guesses.set(revision, name === undefined ? undefined : byName.get(name)?.shift());
    }
    return (revision) => guesses.get(revision);
  }
}

function nameOfEntry(request: InternalRequest): string | undefined {
  if (request.put !== null) return nameOfPut(request.put);
  if (request.delete_range !== null) return nameOfDeletion(request.delete_range);
  return request.txn === null ? undefined : nameOfTxn(request.txn);
}

function nameOfPart(op: RequestOp): string {
  if (op.request_put !== null) return nameOfPut(op.request_put);
  if (op.request_delete_range !== null) return nameOfDeletion(op.request_delete_range);
  return op.request_txn === null ? 'range' : nameOfTxn(op.request_txn);
}

function nameOfPut(put: PutRequest): string {
  return `put ${byteString(put.value)}`;
}

function nameOfDeletion({ key, range_end }: DeleteRangeRequest): string {
  return `delete ${byteString(key)} ${byteString(range_end)}`;
}

function nameOfTxn({ success, failure }: TxnRequest): string {
  return `txn (${success.map(nameOfPart).join()}) (${failure.map(nameOfPart).join()})`;
}

function nameOfCall(request: Request): string | undefined {
  return request.kind === 'compact' ? undefined : nameOfOp(request);
}

function nameOfOp(op: Op): string {
  switch (op.kind) {
    case 'range':
      return 'range';
    case 'put':
      return `put ${op.value}`;
    case 'delete':
      return `delete ${op.key} ${op.end ?? ''}`;
    case 'txn':
      return `txn (${op.success.map(nameOfOp).join()}) (${op.failure.map(nameOfOp).join()})`;
  }
}
