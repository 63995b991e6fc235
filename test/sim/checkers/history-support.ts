/** Histories for the checkers' own tests: one call after the other. */
import type { Call } from '../history.ts';
import { History } from '../history.ts';
import type { Outcome, Request } from '../kv.ts';

export type Step = readonly [Request, Outcome];

export function inSequence(...steps: readonly Step[]): readonly Call[] {
  const history = new History();
  for (const [request, outcome] of steps) history.end(history.begin('c', request, 0), outcome, 0);
  return history.calls;
}

export const put = (key: string, value: string): Request => ({ kind: 'put', key, value });
export const wrote = (revision: number): Outcome => ({
  kind: 'ok',
  result: { kind: 'put', revision },
});
export const empty = (revision: number): Outcome => ({
  kind: 'ok',
  result: { kind: 'range', revision, pairs: [], count: 0, more: false },
});
export const get = (key: string, revision = 0): Request => ({ kind: 'range', key, revision });
export const stale = (key: string): Request => ({ kind: 'range', key, serializable: true });
export const failed = (error: string): Outcome => ({ kind: 'failed', error });
export const lost: Outcome = { kind: 'unknown', error: 'timeout' };
