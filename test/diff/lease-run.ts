/**
 * Sends one random stream of lease, lock and election requests to real etcd and to edgetcd and compares
 * every answer: ids that servers draw by what drew them, times that are left within a second.
 */
import { isDeepStrictEqual } from 'node:util';
import { KNOWN_DIFFERENCES, normalized, type ParsedAnswer } from './known-differences.ts';
import { LeaseGenerator } from './lease-generator.ts';
import type { Answer, Operation, Target } from './operation.ts';
import type { Mismatch } from './run.ts';

export interface LeaseRunOptions {
  readonly seed: number;
  readonly ops: number;
  /** Real etcd. */
  readonly reference: Target;
  /** edgetcd; its store must be fresh, as must the reference's. */
  readonly subject: Target;
}

export interface LeaseRunResult {
  readonly done: number;
  readonly mismatch: Mismatch | undefined;
  /** Answers by path and status. */
  readonly outcomes: ReadonlyMap<string, number>;
}

/** Ends at the first answer that differs. */
export async function runLeaseStream(options: LeaseRunOptions): Promise<LeaseRunResult> {
  const generator = new LeaseGenerator(options.seed);
  const etcd = new LeaseTarget(options.reference);
  const edgetcd = new LeaseTarget(options.subject);
  const outcomes = new Map<string, number>();
  for (let opNumber = 1; opNumber <= options.ops; opNumber++) {
    const operation = generator.next();
    const [reference, subject] = await Promise.all([etcd.call(operation), edgetcd.call(operation)]);
    const outcome = `${operation.path} ${reference.answer.status}`;
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (!isSame(operation, reference.parsed, subject.parsed)) {
      const mismatch = {
        opNumber,
        operation,
        reference: reference.answer,
        subject: subject.answer,
      };
      return { done: opNumber, mismatch, outcomes };
    }
    generator.observe(reference.answer);
  }
  return { done: options.ops, mismatch: undefined, outcomes };
}

/** A server, with the ids it drew under names that are the same for every server. */
class LeaseTarget {
  readonly #target: Target;
  readonly #drawn: string[] = [];

  constructor(target: Target) {
    this.#target = target;
  }

  async call(operation: Operation): Promise<{ answer: Answer; parsed: ParsedAnswer }> {
    const body = operation.body.replace(/<<(\d+)>>/g, (_, at: string) => this.#drawn[+at] ?? '0');
    const answer = await this.#target.call({ ...operation, body });
    const parsed = normalized(answer);
    const isDrawn = operation.path === '/v3/lease/grant' && !/"ID"/.test(operation.body);
    const { ID } = (parsed.body ?? {}) as { readonly ID?: unknown };
    if (isDrawn && answer.status === 200 && typeof ID === 'string') this.#drawn.push(ID);
    return { answer, parsed: { ...parsed, body: this.#named(parsed.body) } };
  }

  #named(value: unknown): unknown {
    if (typeof value === 'string') {
      const at = this.#drawn.indexOf(value);
      return at < 0 ? value : `<<${at}>>`;
    }
    if (Array.isArray(value)) return value.map((item) => this.#named(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, of]) => [name, this.#named(of)]));
  }
}

function isSame(operation: Operation, reference: ParsedAnswer, subject: ParsedAnswer): boolean {
  let wanted = reference;
  for (const { expected } of KNOWN_DIFFERENCES) wanted = expected(operation, wanted, subject);
  return isDeepStrictEqual(
    { ...wanted, body: loosened(operation, wanted.body, wanted.body) },
    { ...subject, body: loosened(operation, subject.body, wanted.body) },
  );
}

/** Without what may differ: seconds that passed between two calls, and the order of keys and ids. */
function loosened(operation: Operation, body: unknown, wanted: unknown): unknown {
  if (typeof body !== 'object' || body === null) return body;
  if (operation.path.endsWith('/leases')) {
    const { leases } = body as { readonly leases?: readonly { readonly ID?: string }[] };
    return { ...body, leases: [...(leases ?? [])].map(({ ID }) => String(ID)).sort() };
  }
  if (!operation.path.endsWith('/timetolive')) return body;
  const own = body as { readonly TTL?: string; readonly keys?: readonly string[] };
  const { TTL } = (wanted ?? {}) as { readonly TTL?: string };
  const isClose = own.TTL !== undefined && Math.abs(Number(own.TTL) - Number(TTL)) <= 1;
  const keys = own.keys === undefined ? {} : { keys: [...own.keys].sort() };
  return { ...own, ...(isClose ? { TTL } : {}), ...keys };
}
