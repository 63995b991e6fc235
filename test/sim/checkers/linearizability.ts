/**
 * Are the answers those of one store that ran the requests one after the other, each at some moment
 * between its call and its return?
 *
 * etcd makes this cheap to decide: each answer names the revision at which it took effect. A request
 * that wrote owns its revision, all others stand between two writes, so the order is given; what is
 * left is to replay it and to compare it with real time. Only writes of unknown fate have to be
 * placed by search: they fill the revisions that nobody owns.
 *
 * Serializable reads may be stale, so they are held to the content of their revision, and to not
 * showing one that no request had asked for yet.
 */
import type { Call } from '../history.ts';
import { describeCall } from '../history.ts';
import type { Op, Pair, Request, Result } from '../kv.ts';
import { didWrite, mayWrite, pairsOf } from '../kv.ts';
import { KvModel, ModelError } from '../model.ts';
import { differenceOf } from './difference.ts';
import { Violation } from '../world.ts';

export const PROPERTY = 'linearizability';

/** Placements tried before the search gives up. Histories of the simulator need one per gap. */
const PLACEMENTS_MAX = 200_000;

export interface LinearizabilityOptions {
  /** A guess which call made a revision; tried first, never believed. */
  readonly hint?: (revision: number) => number | undefined;
  /** Revisions made by what is in no history, on keys that no call of this one reads. */
  readonly foreign?: ReadonlySet<number>;
}

/** Stands for all keys that are written at foreign revisions. */
const FOREIGN_PUT = { kind: 'put', key: '\0', value: '' } as const;

interface Fact {
  readonly call: Call;
  readonly result: Result;
}

interface Slot {
  writer: Fact | undefined;
  readonly readers: Fact[];
}

/** A revision that no acknowledged write owns. */
interface Gap {
  readonly revision: number;
  readonly situation: string;
  /** Candidates not tried yet. */
  readonly left: Call[];
}

/** Returns the store as the history made it. @throws Violation */
export function checkLinearizable(
  calls: readonly Call[],
  options: LinearizabilityOptions = {},
): KvModel {
  return new Replay(calls, options).run();
}

class Replay {
  readonly #slots: Slot[] = [];
  readonly #maybes: Call[] = [];
  /** By call of unknown fate: a number that equal requests share. */
  readonly #kinds = new Map<Call, number>();
  readonly #newest: number;
  /** Earliest return of any call that stands at the writer of revision R or later. */
  readonly #returnedFrom: number[] = [];
  /** By revision: pairs that some answer showed with this mod revision. */
  readonly #shown = new Map<number, Pair[]>();
  /** Revision at which an answer showed a key with a value. */
  readonly #shownValues = new Map<string, number>();
  readonly #hint: (revision: number) => number | undefined;
  readonly #foreign: ReadonlySet<number>;
  readonly #model = new KvModel();
  /** Call that fills each gap so far. */
  readonly #placed = new Map<number, Call>();
  #placements = 0;
  /** Situations at a gap that led nowhere: what is left to place, and all of the store that is asked for yet. */
  readonly #hopeless = new Set<string>();
  /** By revision: the oldest revision that an answer there or later was asked to read. */
  readonly #oldestRead: number[] = [];
  /** The farthest mismatch, for the report. */
  #deepest = { revision: 0, reason: '' };

  constructor(calls: readonly Call[], options: LinearizabilityOptions) {
    this.#hint = options.hint ?? (() => undefined);
    this.#foreign = options.foreign ?? new Set();
    let newest = 1;
    for (const call of calls) {
      const { outcome } = call;
      if (outcome?.kind === 'ok') newest = Math.max(newest, outcome.result.revision);
      else if (outcome?.kind !== 'failed' && mayWrite(call.request)) this.#maybes.push(call);
    }
    this.#newest = newest;
    this.#numberKinds();
    for (let revision = 0; revision <= newest; revision++) {
      this.#slots.push({ writer: undefined, readers: [] });
    }
    for (const call of calls) {
      if (call.outcome?.kind === 'ok') this.#file({ call, result: call.outcome.result });
    }
  }

  run(): KvModel {
    this.#checkRealTime();
    if (!this.#fill(2)) {
      const { revision, reason } = this.#deepest;
      throw new Violation(PROPERTY, `no order explains revision ${revision}: ${reason}`);
    }
    return this.#model;
  }

  #numberKinds(): void {
    const numbers = new Map<string, number>();
    for (const call of this.#maybes) {
      const request = JSON.stringify(call.request);
      const number = numbers.get(request) ?? numbers.size;
      numbers.set(request, number);
      this.#kinds.set(call, number);
    }
  }

  #file(fact: Fact): void {
    const { result } = fact;
    const slot = this.#slots[result.revision];
    if (slot === undefined || result.revision < 1) {
      throw new Violation(PROPERTY, `revision ${result.revision} in ${describeCall(fact.call)}`);
    }
    if (didWrite(result)) {
      if (slot.writer !== undefined) {
        const both = `${describeCall(slot.writer.call)} and ${describeCall(fact.call)}`;
        throw new Violation(PROPERTY, `two writes own revision ${result.revision}: ${both}`);
      }
      slot.writer = fact;
    } else {
      slot.readers.push(fact);
    }
    for (const pair of pairsOf(result)) {
      const shown = this.#shown.get(pair.mod);
      if (shown === undefined) this.#shown.set(pair.mod, [pair]);
      else shown.push(pair);
      this.#shownValues.set(`${pair.key}=${pair.value}`, pair.mod);
    }
  }

  /** No call may stand before another that had returned when it was called. */
  #checkRealTime(): void {
    let earliest: Call | undefined;
    const later = (call: Call, binding: boolean): void => {
      if (earliest !== undefined && earliest.returned < call.called && binding) {
        throw new Violation(
          PROPERTY,
          `order against time: ${describeCall(earliest)} saw a later store and returned before ${describeCall(call)}`,
        );
      }
    };
    const note = (call: Call): void => {
      if (earliest === undefined || call.returned < earliest.returned) earliest = call;
    };
    let oldest = Infinity;
    for (let revision = this.#newest; revision >= 1; revision--) {
      const { writer, readers } = this.#slots[revision] as Slot;
      for (const { call } of readers) oldest = Math.min(oldest, oldestRevisionIn(call.request));
      if (writer !== undefined) oldest = Math.min(oldest, oldestRevisionIn(writer.call.request));
      this.#oldestRead[revision] = oldest;
      for (const { call } of readers) later(call, !isSerializable(call));
      for (const { call } of readers) note(call);
      if (writer !== undefined) {
        later(writer.call, true);
        note(writer.call);
      }
      this.#returnedFrom[revision] = earliest?.returned ?? Infinity;
    }
  }

  /** Replays from revision `first` on; false when no placement of the maybes fits. */
  #fill(first: number): boolean {
    // A stack of gaps with the candidates not tried yet, instead of recursion over long histories.
    const gaps: Gap[] = [];
    if (first === 2 && !this.#readersAgree(1)) return false;
    let revision = first;
    while (revision <= this.#newest) {
      const { writer } = this.#slots[revision] as Slot;
      let stands: boolean;
      if (writer !== undefined) {
        stands = this.#tryCall(revision, writer.call, writer.result);
      } else if (this.#foreign.has(revision)) {
        this.#model.apply(FOREIGN_PUT);
        stands = this.#readersAgree(revision);
      } else {
        gaps.push(this.#openGap(revision));
        stands = false;
      }
      if (!stands) {
        const resumed = this.#backtrack(gaps);
        if (resumed === undefined) return false;
        revision = resumed;
      }
      revision++;
    }
    return true;
  }

  /** Goes back to the newest gap with a candidate that fits; returns its revision. */
  #backtrack(gaps: Gap[]): number | undefined {
    for (;;) {
      const gap = gaps.at(-1);
      if (gap === undefined) return undefined;
      this.#undoTo(gap.revision - 1);
      const next = gap.left.shift();
      if (next === undefined) {
        gaps.pop();
        this.#hopeless.add(gap.situation);
        continue;
      }
      if (++this.#placements > PLACEMENTS_MAX) {
        const { revision, reason } = this.#deepest;
        throw new Violation(
          PROPERTY,
          `undecided after ${PLACEMENTS_MAX} placements; the farthest came to revision ${revision}: ${reason}`,
        );
      }
      this.#placed.set(gap.revision, next);
      if (this.#tryCall(gap.revision, next, undefined)) return gap.revision;
    }
  }

  #undoTo(revision: number): void {
    this.#model.rollback(revision);
    for (const placed of this.#placed.keys()) if (placed > revision) this.#placed.delete(placed);
  }

  #openGap(revision: number): Gap {
    const used = [...this.#placed.values()]
      .map((call) => this.#kindOf(call))
      .sort((left, right) => left - right);
    // Reads of old revisions see more than the newest pairs: what stood at the oldest of those that are
    // still asked for, and what was placed since.
    const oldest = this.#oldestRead[revision] as number;
    const since = [...this.#placed].flatMap(([at, call]) =>
      at > oldest ? [[at, this.#kindOf(call)]] : [],
    );
    const before = oldest < revision ? this.#model.pairs(oldest) : [];
    const situation = JSON.stringify([revision, used, this.#model.pairs(), before, since]);
    const left = this.#hopeless.has(situation) ? [] : this.#candidates(revision);
    return { revision, situation, left };
  }

  /** Unknown writes that could own `revision`, the likeliest first. */
  #candidates(revision: number): Call[] {
    const used = new Set(this.#placed.values());
    const deadline = this.#returnedFrom[revision] as number;
    const shown = this.#shown.get(revision) ?? [];
    const left = this.#maybes.filter(
      (call) =>
        !used.has(call) &&
        call.called < deadline &&
        shown.every((pair) => mayLeave(call.request, pair)),
    );
    // One of each kind: what could stand here could stand at any later revision too, so equal requests
    // can take each other's place.
    const found = [...new Map(left.map((call) => [this.#kindOf(call), call])).values()];
    const hinted = this.#maybes.find(({ id }) => id === this.#hint(revision));
    const likeliest = hinted === undefined ? undefined : this.#kindOf(hinted);
    const rank = (call: Call): number =>
      this.#kindOf(call) === likeliest ? 0 : this.#ownedElsewhere(call, revision) ? 2 : 1;
    // Most that ever happened did so soon: those that never did would otherwise be tried at every gap.
    found.sort((one, other) => rank(one) - rank(other) || other.called - one.called);
    if (found.length === 0)
      this.#mismatch(revision, 'no request of unknown fate is left that could have made it');
    return found;
  }

  #kindOf(call: Call): number {
    return this.#kinds.get(call) as number;
  }

  /** Workloads write each value once: an answer that shows it at another revision makes this one unlikely. */
  #ownedElsewhere(call: Call, revision: number): boolean {
    const { request } = call;
    if (request.kind !== 'put') return false;
    const shownAt = this.#shownValues.get(`${request.key}=${request.value}`);
    return shownAt !== undefined && shownAt !== revision;
  }

  #tryCall(revision: number, call: Call, expected: Result | undefined): boolean {
    const actual = runModel(this.#model, call);
    if (this.#model.revision !== revision) {
      this.#mismatch(revision, `${describeCall(call)} would not have changed anything`);
      return false;
    }
    if (expected !== undefined) {
      const difference = differenceOf(expected, actual);
      if (difference !== undefined) {
        this.#mismatch(revision, `${difference} in ${describeCall(call)}`);
        return false;
      }
    }
    return this.#shownAgrees(revision, call) && this.#readersAgree(revision);
  }

  #shownAgrees(revision: number, writer: Call): boolean {
    for (const shown of this.#shown.get(revision) ?? []) {
      const pair = this.#model.at(shown.key, revision);
      // keysOnly answers show an empty value.
      const same =
        pair?.mod === revision &&
        pair.create === shown.create &&
        pair.version === shown.version &&
        (shown.value === '' || shown.value === pair.value);
      if (same) continue;
      this.#mismatch(
        revision,
        `an answer shows ${JSON.stringify(shown)}, but ${describeCall(writer)} leaves ${JSON.stringify(pair)}`,
      );
      return false;
    }
    return true;
  }

  #readersAgree(revision: number): boolean {
    for (const { call, result } of (this.#slots[revision] as Slot).readers) {
      if (call.request.kind === 'compact') continue;
      const difference = differenceOf(result, runModel(this.#model, call));
      if (difference === undefined && this.#model.revision === revision) continue;
      this.#model.rollback(revision);
      this.#mismatch(
        revision,
        `${difference ?? 'a write without a revision'} in ${describeCall(call)}`,
      );
      return false;
    }
    return true;
  }

  #mismatch(revision: number, reason: string): void {
    if (revision >= this.#deepest.revision) this.#deepest = { revision, reason };
  }
}

/** The oldest revision that a request names to be read; Infinity: it reads the newest only. */
function oldestRevisionIn(request: Request): number {
  switch (request.kind) {
    case 'range':
      return request.revision !== undefined && request.revision > 0 ? request.revision : Infinity;
    case 'txn':
      return Math.min(...[...request.success, ...request.failure].map(oldestRevisionIn));
    default:
      return Infinity;
  }
}

function isSerializable(call: Call): boolean {
  return call.request.kind !== 'compact' && call.request.serializable === true;
}

/** Could the request have written what an answer shows of its revision? */
function mayLeave(request: Request, pair: Pair): boolean {
  return request.kind !== 'compact' && mayPut(request, pair);
}

function mayPut(op: Op, pair: Pair): boolean {
  switch (op.kind) {
    case 'range':
    case 'delete':
      return false;
    case 'put':
      // keysOnly answers show an empty value.
      return op.key === pair.key && (pair.value === '' || pair.value === op.value);
    case 'txn':
      return [...op.success, ...op.failure].some((each) => mayPut(each, pair));
  }
}

/** Undefined when the store refuses the request. */
function runModel(model: KvModel, call: Call): Result | undefined {
  try {
    return model.apply(call.request);
  } catch (error) {
    if (error instanceof ModelError) return undefined;
    throw error;
  }
}
