/**
 * Random lives of a lessor: beside a naive one, and against the promise made to the owner of a lease.
 * Faults: clocks set back and standing still, sleep, crashes, changes of leader, revocations that are
 * slow to be applied.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Lessor } from '../../src/lease/lessor.ts';
import { driftSeconds } from '../../src/lease/primary.ts';
import { Prng } from '../../src/lib/prng.ts';
import { MemoryRowStore } from '../support/memory-row-store.ts';
import { TestClock } from './clock.ts';
import { NaiveLessor } from './naive-lessor.ts';

const EXTEND_MS = 1000;
/** Longest step of the clock, so that nothing but pacing and faults makes an end late. */
const STEP_MS_MAX = 10_000;

type Entry = (lessor: Lessor) => unknown;

/** A member whose log survives everything, and whose leases are saved now and then. */
class Member {
  store = new MemoryRowStore();
  readonly clock = new TestClock();
  lessor = Lessor.open(this.store, this.clock);
  /** Entries applied since the last save: a restart applies them again. */
  #unsaved: Entry[] = [];

  apply(entry: Entry): unknown {
    this.#unsaved.push(entry);
    return attempt(() => entry(this.lessor));
  }

  /** What was answered was durable before. */
  answer(): void {
    this.store.sync();
  }

  save(): void {
    this.store.atomically(() => this.lessor.flush());
    this.store.sync();
    this.#unsaved = [];
  }

  crash(): void {
    this.store = this.store.crash();
    this.lessor = Lessor.open(this.store, this.clock);
    for (const entry of this.#unsaved) attempt(() => entry(this.lessor));
  }
}

function attempt(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    assert.equal((error as Error).name, 'StatusError');
    return undefined;
  }
}

describe('Lessor beside a naive one', () => {
  for (let seed = 1; seed <= 40; seed++) {
    it(`seed ${seed}`, () => {
      const life = new TwinLife(new Prng(seed));
      for (let step = 0; step < 400; step++) {
        life.step();
        life.compare();
      }
    });
  }
});

class TwinLife {
  readonly #prng: Prng;
  readonly #member = new Member();
  readonly #twin = new NaiveLessor(this.#member.clock.nowMs());
  #term = 0;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  step(): void {
    const prng = this.#prng;
    const act = prng.below(100);
    if (act < 20) this.grant();
    else if (act < 25) this.revoke(this.#id());
    else if (act < 40) this.attach();
    else if (act < 45) this.detach();
    else if (act < 50) this.checkpoint();
    else if (act < 65) this.renew();
    else if (act < 77) this.advance();
    else if (act < 82) this.expire();
    else if (act < 87) this.lead();
    else if (act < 89) this.demote();
    else if (act < 94) this.#member.save();
    else if (act < 97) this.sleepAndWake();
    else this.crash();
  }

  grant(): void {
    const id = BigInt(this.#prng.below(20)) - 4n;
    const ttl = this.#prng.pick([-1, 0, 1, 2, 5, 60, 90, 900, 9_000_000_000, 9_000_000_001]);
    const granted = this.#member.apply((lessor) => lessor.grant(id, ttl));
    assert.equal(granted, this.#twin.grant(id, ttl));
    // A record from before this grant is dropped by it.
    if (granted !== undefined) this.#twin.rested = undefined;
    this.#member.answer();
  }

  revoke(id: bigint): void {
    this.#member.apply((lessor) => lessor.revoke(id));
    this.#twin.revoke(id);
  }

  attach(): void {
    const id = this.#id();
    const key = `k${this.#prng.below(30)}`;
    if (!this.#twin.leases.has(id)) return;
    this.#member.apply((lessor) => lessor.attach(id, key));
    this.#twin.attach(id, key);
  }

  detach(): void {
    const id = this.#id();
    const key = `k${this.#prng.below(30)}`;
    this.#member.apply((lessor) => lessor.detach(id, key));
    this.#twin.detach(id, key);
  }

  checkpoint(): void {
    const id = this.#id();
    const seconds = this.#prng.pick([0, 1, 50, 5000]);
    this.#member.apply((lessor) => lessor.checkpoint(id, seconds));
    this.#twin.checkpoint(id, seconds);
  }

  renew(): void {
    const id = this.#id();
    const term = this.#prng.bool(0.9) ? this.#term : this.#term - 1;
    assert.equal(this.#member.lessor.renew(id, term).kind, this.#twin.renew(id, term));
    this.#member.answer();
  }

  advance(): void {
    const ms = this.#prng.pick([0, 1, 999, 5000, 60_000, 600_000]);
    this.#member.clock.advance(ms);
    this.#twin.nowMs += ms;
    // The lessor learns of a step back only if it looks at the clock before and after.
    this.#member.lessor.nextDeadline();
    this.#member.lessor.timeToLive(this.#id());
    if (this.#twin.primary !== undefined && this.#prng.bool(0.1)) {
      this.#member.lessor.expired(0);
      this.#member.clock.advance(-this.#prng.below(10_000_000));
    }
  }

  expire(): void {
    for (const { id, term } of this.#member.lessor.expired()) {
      assert.equal(term, this.#twin.primary?.term);
      assert.ok((this.#twin.primary?.deadlines.get(id) ?? Infinity) <= this.#twin.nowMs);
      if (this.#prng.bool(0.7)) this.revoke(id);
    }
  }

  lead(): void {
    this.#term++;
    this.#member.lessor.promote(this.#term, EXTEND_MS);
    this.#twin.promote(this.#term, EXTEND_MS);
  }

  demote(): void {
    this.#member.lessor.demote();
    this.#twin.primary = undefined;
  }

  /** Asleep without a step of the clock: SteadyClock begins anew, so must the twin's frame of time. */
  sleepAndWake(): void {
    if (this.#twin.primary === undefined) return;
    this.#member.lessor.rest();
    this.#member.answer();
    this.#twin.rest();
    this.crash();
    this.#member.lessor.promote(this.#term, EXTEND_MS);
    this.#twin.promote(this.#term, EXTEND_MS);
  }

  crash(): void {
    this.#member.crash();
    const shift = this.#twin.nowMs - this.#member.clock.nowMs();
    this.#twin.nowMs -= shift;
    this.#twin.primary = undefined;
    const { rested } = this.#twin;
    for (const [id, atMs] of rested?.deadlines ?? []) rested?.deadlines.set(id, atMs - shift);
  }

  compare(): void {
    const { lessor } = this.#member;
    const twin = this.#twin;
    const ids = [...twin.leases.keys()].sort((left, right) => Number(left - right));
    assert.deepEqual(
      [...lessor.leases()].sort((left, right) => Number(left - right)),
      ids,
    );
    for (const [id, lease] of twin.leases) {
      assert.deepEqual(lessor.keys(id), [...lease.keys].sort());
      const left = (twin.primary?.deadlines.get(id) ?? 0) - twin.nowMs;
      assert.deepEqual(lessor.timeToLive(id), {
        grantedSeconds: lease.ttl,
        remainingSeconds: twin.primary && Math.max(0, Math.floor(left / 1000)),
      });
    }
    const deadlines = ids.map((id) => twin.primary?.deadlines.get(id) ?? Infinity);
    const next = lessor.nextDeadline();
    const earliest = Math.min(...deadlines);
    if (next === undefined) assert.equal(earliest, Infinity);
    else assert.ok(next - this.#member.clock.nowMs() >= earliest - twin.nowMs);
  }

  #id(): bigint {
    return BigInt(this.#prng.below(20)) - 4n;
  }
}

describe('Lessor keeps its promise to the owner of a lease', () => {
  for (let seed = 1; seed <= 40; seed++) {
    it(`seed ${seed}`, () => {
      const life = new PromiseLife(new Prng(seed));
      for (let step = 0; step < 1500; step++) life.step();
      assert.ok(life.ended > 20, `${life.ended} leases ended`);
    });
  }
});

interface Promised {
  readonly ttl: number;
  /** The lease must live until then, in true time. */
  until: number;
  /** It must have been handed out by then. */
  latest: number;
}

/**
 * True time passes; the wall clock shows it, but is set back now and then, and never forward. Every
 * grant and renewal that was answered promises a TTL.
 */
class PromiseLife {
  readonly #prng: Prng;
  readonly #member = new Member();
  readonly #promises = new Map<bigint, Promised>();
  #term = 1;
  #nextId = 1n;
  #timeMs = 0;
  /** When the leader came to rest last, and whether the clock was set back since. */
  #restedAtMs = 0;
  #setBackSince = false;
  ended = 0;

  constructor(prng: Prng) {
    this.#prng = prng;
    this.#member.lessor.promote(1, EXTEND_MS);
  }

  step(): void {
    const prng = this.#prng;
    const act = prng.below(100);
    if (act < 15) this.grant();
    else if (act < 40) this.renew();
    else if (act < 85) this.pass(prng.below(STEP_MS_MAX));
    else if (act < 88) this.setBack();
    else if (act < 91) this.#member.save();
    else if (act < 96) this.sleepAndWake();
    else if (act < 97) this.crash();
    else if (act < 98) this.changeLeader();
    this.tick();
  }

  grant(): void {
    const id = this.#nextId++;
    const ttl = this.#prng.pick([2, 10, 60, 130, 700]);
    this.#member.apply((lessor) => lessor.grant(id, ttl));
    this.#member.answer();
    this.#promise(id, ttl);
  }

  renew(): void {
    if (this.#promises.size === 0) return;
    const id = this.#prng.pick([...this.#promises.keys()]);
    const renewal = this.#member.lessor.renew(id, this.#term);
    if (renewal.kind !== 'renewed') return;
    if (renewal.clearCheckpoint) this.#member.apply((lessor) => lessor.checkpoint(id, 0));
    this.#member.answer();
    this.#promise(id, renewal.ttlSeconds);
  }

  pass(ms: number): void {
    this.#timeMs += ms;
    this.#member.clock.advance(ms);
  }

  setBack(): void {
    this.#member.clock.advance(-this.#prng.below(100_000));
    this.#setBackSince = true;
  }

  sleepAndWake(): void {
    this.#member.lessor.rest();
    this.#member.answer();
    this.#restedAtMs = this.#timeMs;
    this.#setBackSince = false;
    this.#member.crash();
    this.pass(this.#prng.below(STEP_MS_MAX));
    this.#member.lessor.promote(this.#term, EXTEND_MS);
  }

  /**
   * The leader restarts into its leadership: it does not know of renewals any more. If there were none
   * since it rested, but the clock was set back, the time since then is lost as well.
   */
  crash(): void {
    const lost = this.#setBackSince ? this.#timeMs - this.#restedAtMs : 0;
    for (const promised of this.#promises.values()) promised.latest += lost;
    this.#member.crash();
    this.pass(this.#prng.below(STEP_MS_MAX));
    this.#member.lessor.promote(this.#term, EXTEND_MS);
    this.#allowExtension();
  }

  /** Another member, with the same log, takes over: here, the same one in another term. */
  changeLeader(): void {
    this.#member.lessor.demote();
    this.pass(this.#prng.below(STEP_MS_MAX));
    this.#term++;
    this.#member.lessor.promote(this.#term, EXTEND_MS);
    this.#allowExtension();
  }

  tick(): void {
    const { lessor } = this.#member;
    for (const { id, remainingSeconds } of lessor.checkpoints()) {
      this.#member.apply((member) => member.checkpoint(id, remainingSeconds));
    }
    for (const { id, term } of lessor.expired()) {
      const promised = this.#promises.get(id);
      assert.equal(term, this.#term);
      assert.ok(promised, `lease ${id} ended twice`);
      assert.ok(
        this.#timeMs >= promised.until,
        `lease ${id} ended ${promised.until - this.#timeMs} ms early`,
      );
      this.#member.apply((member) => member.revoke(id));
      this.#promises.delete(id);
      this.ended++;
    }
    for (const [id, { latest }] of this.#promises) {
      assert.ok(this.#timeMs <= latest, `lease ${id} lives ${this.#timeMs - latest} ms too long`);
    }
  }

  #promise(id: bigint, ttl: number): void {
    const until = this.#timeMs + ttl * 1000;
    this.#promises.set(id, { ttl, until, latest: until + STEP_MS_MAX });
  }

  /**
   * What a new leader may add, for each change of leader: an election timeout, what the checkpoints
   * lag behind (a TTL at most), and the time that passed without a leader.
   */
  #allowExtension(): void {
    for (const promised of this.#promises.values()) {
      const drift = Math.min(driftSeconds(promised.ttl), promised.ttl) * 1000;
      const sweep = 30_000;
      promised.latest = Math.max(promised.latest, this.#timeMs);
      promised.latest += EXTEND_MS + drift + sweep + 2 * STEP_MS_MAX;
    }
  }
}
