/**
 * A change of leader gives no lease more than an election timeout: once the log says how much of a lease
 * remains, and nobody renews it, nobody is told that more remains, whoever leads.
 */
import { livesOf } from '../lease/lives.ts';
import { type Decision, describeAsk, type LeaseCall } from '../lease/record.ts';
import { PROPOSAL_TIMEOUT_MS } from '../../../src/constants.ts';
import { Violation } from '../world.ts';

export const PROPERTY = 'checkpoints hold';

/** What a new leader adds. */
const EXTENSION_SECONDS = 1;

/** @throws Violation */
export function checkCheckpoints(
  calls: readonly LeaseCall[],
  decisions: readonly Decision[],
): void {
  const lives = livesOf(decisions);
  for (const { act, term, moment } of decisions) {
    if (act.kind !== 'checkpoint' || (act.term !== 0 && act.term !== term)) continue;
    for (const { lease, seconds } of act.remaining) {
      const life = lives.find(
        (each) => each.lease === lease && (each.ended?.moment.atMs ?? Infinity) > moment.atMs,
      );
      if (life === undefined || seconds === 0 || seconds >= life.ttl) continue;
      // What was on its way to a leader may have renewed it, then or since.
      const fromMs = moment.atMs - PROPOSAL_TIMEOUT_MS;
      const renewedMs = firstRenewalMs(calls, lease, fromMs);
      for (const call of calls) {
        if (call.ask.kind !== 'timeToLive' || call.ask.lease !== lease) continue;
        const { called, returned, answer } = call;
        if (called.atMs < moment.atMs || (returned?.atMs ?? Infinity) > renewedMs) continue;
        if (called.atMs > (life.ended?.moment.atMs ?? Infinity)) continue;
        if ((answer?.ttl ?? 0) <= seconds + EXTENSION_SECONDS) continue;
        throw new Violation(
          PROPERTY,
          `at ${moment.atMs.toFixed(1)} ms the log said that ${seconds} s remain, and nobody renewed: ${describeAsk(call)}`,
        );
      }
    }
  }
}

/** When the first call was made that may have renewed a lease after `fromMs`. */
function firstRenewalMs(calls: readonly LeaseCall[], lease: bigint, fromMs: number): number {
  let firstMs = Infinity;
  for (const { ask, called, returned } of calls) {
    if (ask.kind !== 'keepAlive' || ask.lease !== lease) continue;
    if ((returned?.atMs ?? called.atMs + PROPOSAL_TIMEOUT_MS) < fromMs) continue;
    firstMs = Math.min(firstMs, called.atMs);
  }
  return firstMs;
}
