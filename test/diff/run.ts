/** Sends one random stream to real etcd and to edgetcd and compares every answer. */
import { isDeepStrictEqual } from 'node:util';
import { Generator, type GeneratorOptions } from './generator.ts';
import { KNOWN_DIFFERENCES, normalized } from './known-differences.ts';
import type { Answer, Operation, Target } from './operation.ts';

export interface RunOptions extends GeneratorOptions {
  readonly ops: number;
  /** Real etcd. */
  readonly reference: Target;
  /** edgetcd; its store must be fresh, as must the reference's. */
  readonly subject: Target;
  readonly onProgress?: (done: number) => void;
}

export interface Mismatch {
  /** From 1. */
  readonly opNumber: number;
  readonly operation: Operation;
  readonly reference: Answer;
  readonly subject: Answer;
}

export interface RunResult {
  readonly done: number;
  readonly mismatch: Mismatch | undefined;
  /** Answers by path and outcome, such as `/v3/kv/put 200`. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** How many answers each known difference explained. */
  readonly explained: ReadonlyMap<string, number>;
}

const PROGRESS_OPS = 1000;

/** Ends at the first answer that differs: from there on the two stores may have parted. */
export async function runStream(options: RunOptions): Promise<RunResult> {
  const generator = new Generator(options);
  const outcomes = new Map<string, number>();
  const explained = new Map<string, number>();
  for (let opNumber = 1; opNumber <= options.ops; opNumber++) {
    const operation = generator.next();
    const [reference, subject] = await Promise.all([
      options.reference.call(operation),
      options.subject.call(operation),
    ]);
    count(outcomes, `${operation.path} ${outcomeOf(reference)}`);
    const explanation = compare(operation, reference, subject);
    if (explanation === undefined) {
      const mismatch = { opNumber, operation, reference, subject };
      return { done: opNumber, mismatch, outcomes, explained };
    }
    for (const id of explanation) count(explained, id);
    generator.observe(reference);
    if (opNumber % PROGRESS_OPS === 0) options.onProgress?.(opNumber);
  }
  return { done: options.ops, mismatch: undefined, outcomes, explained };
}

/** The known differences that explain how the answers differ: none if they are equal, undefined if unknown. */
function compare(
  operation: Operation,
  reference: Answer,
  subject: Answer,
): readonly string[] | undefined {
  const found = normalized(subject);
  let wanted = normalized(reference);
  if (isDeepStrictEqual(wanted, found)) return [];
  const used: string[] = [];
  for (const { id, expected } of KNOWN_DIFFERENCES) {
    const before = wanted;
    wanted = expected(operation, before, found);
    if (!isDeepStrictEqual(before, wanted)) used.push(id);
  }
  return isDeepStrictEqual(wanted, found) ? used : undefined;
}

/** The mismatch as a person wants to read it, with what is needed to see it again. */
export function describeMismatch(seed: number, mismatch: Mismatch): string {
  const { opNumber, operation, reference, subject } = mismatch;
  return [
    `answers differ at operation ${opNumber} of seed ${seed}: POST ${operation.path}`,
    `request: ${clip(operation.body)}`,
    `etcd:    ${reference.status} ${clip(reference.body)}`,
    `edgetcd: ${subject.status} ${clip(subject.body)}`,
  ].join('\n');
}

export function describeCounts(counts: ReadonlyMap<string, number>): string {
  const lines = [...counts].sort(([, left], [, right]) => right - left);
  return lines.map(([what, times]) => `${String(times).padStart(8)}  ${what}`).join('\n');
}

function outcomeOf(answer: Answer): string {
  const { status } = answer;
  if (status === 200) return '200';
  const { message } = (normalized(answer).body ?? {}) as { message?: string };
  return `${status} ${message?.startsWith('etcdserver:') ? message : '(other text)'}`;
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

function clip(text: string): string {
  return text.length <= 4000 ? text : `${text.slice(0, 4000)}… (${text.length} characters)`;
}
