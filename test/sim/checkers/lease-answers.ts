/**
 * What is said of a lease was true at a moment between question and answer: it is renewed, or has time
 * left, or takes a key only while it is there; it is unknown only while it is not. TTLs are those that
 * were granted, and the keys named are those that hung on it.
 */
import type { Ask } from '../lease/asks.ts';
import { type Life, lifeThroughout, livesMet, livesOf } from '../lease/lives.ts';
import { type Decision, describeAsk, type LeaseCall } from '../lease/record.ts';
import { Violation } from '../world.ts';

export const PROPERTY = 'answers about leases are true';

const NOT_FOUND = 'etcdserver: requested lease not found';
const TTL_SECONDS_MIN = 2;
/** A new leader adds an election timeout. */
const EXTENSION_SECONDS = 1;

/** @throws Violation */
export function checkLeaseAnswers(
  calls: readonly LeaseCall[],
  decisions: readonly Decision[],
): void {
  const lives = livesOf(decisions);
  const book = new KeyBook(decisions);
  for (const call of calls) {
    if (call.returned === undefined) continue;
    const says = sayingOf(call);
    if (says !== undefined) checkSaying(call, says, lives);
    if (call.ask.kind === 'grant') checkGrant(call, call.ask.ttl);
    if (call.ask.kind === 'timeToLive') checkTimeToLive(call, call.ask.lease, lives, book);
    if (call.ask.kind === 'leases') checkList(call, lives);
  }
}

interface Saying {
  readonly lease: bigint;
  readonly lives: boolean;
}

/** Does the call's outcome say that its lease is there, or that it is not? */
function sayingOf({ ask, answer, error }: LeaseCall): Saying | undefined {
  const lease = leaseOf(ask);
  if (lease === undefined || lease === 0n) return undefined;
  if (error !== undefined) return error === NOT_FOUND ? { lease, lives: false } : undefined;
  if (ask.kind === 'keepAlive') return { lease, lives: (answer?.ttl ?? 0) > 0 };
  if (ask.kind === 'timeToLive') return { lease, lives: (answer?.ttl ?? 0) >= 0 };
  return { lease, lives: true };
}

function leaseOf(ask: Ask): bigint | undefined {
  switch (ask.kind) {
    case 'keepAlive':
    case 'timeToLive':
    case 'revoke':
    case 'put':
    case 'enter':
    case 'lock':
    case 'campaign':
      return ask.lease;
    default:
      return undefined;
  }
}

function checkSaying(call: LeaseCall, says: Saying, lives: readonly Life[]): void {
  if (says.lives && livesMet(lives, call, says.lease).length === 0) {
    fail(call, 'the lease was not there');
  }
  if (!says.lives && lifeThroughout(lives, call, says.lease) !== undefined) {
    fail(call, 'the lease was there all the while');
  }
}

function checkGrant(call: LeaseCall, asked: number): void {
  const granted = call.answer?.ttl;
  if (granted === undefined || granted === Math.max(asked, TTL_SECONDS_MIN)) return;
  fail(call, `${granted} s were granted`);
}

function checkTimeToLive(
  call: LeaseCall,
  lease: bigint,
  lives: readonly Life[],
  book: KeyBook,
): void {
  const { answer } = call;
  if (answer?.ttl === undefined || answer.ttl < 0) return;
  const { ttl, granted = 0, keys = [] } = answer;
  const met = livesMet(lives, call, lease);
  if (!met.some((life) => life.ttl === granted)) fail(call, 'that TTL was not granted');
  if (ttl > granted + EXTENSION_SECONDS) fail(call, 'more time is left than was granted');
  if (!book.held(lease, [...keys].sort().join(), call)) fail(call, 'other keys hung on it');
}

function checkList(call: LeaseCall, lives: readonly Life[]): void {
  const listed = call.answer?.leases;
  if (listed === undefined) return;
  for (const lease of listed) {
    if (livesMet(lives, call, lease).length === 0)
      fail(call, `${lease.toString(16)} was not there`);
  }
  for (const { lease } of lives) {
    if (!listed.includes(lease) && lifeThroughout(lives, call, lease) !== undefined) {
      fail(call, `${lease.toString(16)} was there all the while`);
    }
  }
}

/** Which keys hung on each lease, and when. */
class KeyBook {
  readonly #pages = new Map<bigint, { readonly fromMs: number; readonly keys: string }[]>();

  constructor(decisions: readonly Decision[]) {
    const leaseOfKey = new Map<string, bigint>();
    for (const { changes, moment } of decisions) {
      const touched = new Set<bigint>();
      for (const { kind, key, lease } of changes) {
        const before = leaseOfKey.get(key);
        if (before !== undefined) touched.add(before);
        if (kind === 'delete' || lease === 0n) leaseOfKey.delete(key);
        else leaseOfKey.set(key, lease);
        if (kind === 'put') touched.add(lease);
      }
      for (const lease of touched) this.#note(lease, moment.atMs, leaseOfKey);
    }
  }

  #note(lease: bigint, fromMs: number, leaseOfKey: ReadonlyMap<string, bigint>): void {
    const keys = [...leaseOfKey].filter(([, of]) => of === lease).map(([key]) => key);
    const pages = this.#pages.get(lease) ?? [{ fromMs: -Infinity, keys: '' }];
    pages.push({ fromMs, keys: keys.sort().join() });
    this.#pages.set(lease, pages);
  }

  /** Did exactly these keys, sorted and joined, hang on the lease at a moment of the call? */
  held(lease: bigint, keys: string, { called, returned }: LeaseCall): boolean {
    const pages = this.#pages.get(lease) ?? [{ fromMs: -Infinity, keys: '' }];
    return pages.some((page, at) => {
      const untilMs = pages[at + 1]?.fromMs ?? Infinity;
      const met = page.fromMs <= (returned?.atMs ?? Infinity) && untilMs >= called.atMs;
      return met && page.keys === keys;
    });
  }
}

function fail(call: LeaseCall, text: string): never {
  throw new Violation(PROPERTY, `${text}: ${describeAsk(call)}`);
}
