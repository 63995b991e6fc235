/**
 * No lease ends before its time. Whoever was told that a lease has `n` seconds (it was granted or renewed
 * so, or its remaining time was asked for) may count on it for `n` seconds from the moment the question
 * was asked, by the clock of leader-time.ts: that of whoever leads, forward steps included. What a
 * client revokes itself ends at once.
 */
import { describeAsk, type Decision, type LeaseCall } from '../lease/record.ts';
import { type Life, livesMet, livesOf } from '../lease/lives.ts';
import { Violation } from '../world.ts';

export const PROPERTY = 'no lease ends early';

/** Clocks show whole milliseconds: one may be lost at each end. */
const ROUNDING_MS = 2;

/** @throws Violation */
export function checkNeverEarly(calls: readonly LeaseCall[], decisions: readonly Decision[]): void {
  const lives = livesOf(decisions);
  for (const call of calls) {
    const promise = promiseOf(call);
    if (promise === undefined) continue;
    const met = livesMet(lives, call, promise.lease);
    // Of two lives that follow each other within one call, either may be the one that was meant.
    const [life] = met;
    if (met.length === 1 && life !== undefined) checkLife(life, call, promise.seconds);
  }
}

function promiseOf({ ask, answer }: LeaseCall): { lease: bigint; seconds: number } | undefined {
  if (answer?.ttl === undefined || answer.ttl <= 0) return undefined;
  switch (ask.kind) {
    case 'grant':
      return answer.lease === undefined ? undefined : { lease: answer.lease, seconds: answer.ttl };
    case 'keepAlive':
    case 'timeToLive':
      return { lease: ask.lease, seconds: answer.ttl };
    default:
      return undefined;
  }
}

function checkLife(life: Life, call: LeaseCall, seconds: number): void {
  const { ended } = life;
  if (ended?.act.kind !== 'revoke' || ended.act.term === 0) return;
  const livedMs = ended.moment.leaderMs - call.called.leaderMs;
  if (livedMs >= seconds * 1_000 - ROUNDING_MS) return;
  throw new Violation(
    PROPERTY,
    `lease ${life.lease.toString(16)} of ${life.ttl} s was ended by the leader of term ${ended.act.term} at ${ended.moment.atMs.toFixed(1)} ms, ${livedMs.toFixed(0)} ms by the leader's clock after ${describeAsk(call)}`,
  );
}
