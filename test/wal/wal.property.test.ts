/**
 * Random lives of a log beside a plain array: appends with conflicts, checkpoints, compactions,
 * snapshots from a leader, reopening, crashes in the middle of a transaction.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Prng } from '../../src/lib/prng.ts';
import type { Entry, HardState } from '../../src/raft/types.ts';
import { CorruptWalError } from '../../src/wal/row.ts';
import { Wal } from '../../src/wal/wal.ts';
import { MemoryRowStore } from '../support/memory-row-store.ts';
import { A, B, entry } from './helpers.ts';
import { NaiveWal } from './naive-wal.ts';

/** A log, its twin, and the twin as it was when the store was last made durable. */
class Life {
  readonly #prng: Prng;
  store = new MemoryRowStore();
  wal = Wal.open(this.store);
  twin = new NaiveWal(this.wal.initialState().hardState, this.wal.snapshot());
  durable = this.twin.clone();

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  step(): void {
    const prng = this.#prng;
    const act = prng.below(100);
    if (act < 55) this.append();
    else if (act < 65) this.checkpoint();
    else if (act < 70) this.compact();
    else if (act < 73) this.install();
    else if (act < 76) this.wal.fence();
    else if (act < 86) this.sync();
    else if (act < 91) this.wal = Wal.open(this.store);
    else if (act < 96) this.crash();
    else this.crashWithin();
  }

  append(): void {
    const prng = this.#prng;
    const { twin } = this;
    const lowest = Math.max(twin.hardState.commit, twin.snapshot.index) + 1;
    const highest = twin.lastIndex + 1;
    const conflict = prng.bool(0.15) && lowest < highest;
    const first = conflict ? lowest + prng.below(highest - lowest) : highest;
    let term = Math.max(twin.hardState.term, 1) + (conflict || prng.bool(0.1) ? 1 : 0);
    const entries: Entry[] = [];
    const count = prng.pick([0, 1, 1, 1, 2, 5, 30]);
    for (let at = 0; at < count; at++) {
      if (prng.bool(0.05)) term++;
      entries.push(entry(first + at, term, prng.pick([0, 1, 20, 300, 20_000])));
    }
    const last = Math.max(first + entries.length, highest) - 1;
    const end = entries.length > 0 ? first + entries.length - 1 : last;
    const commit = Math.max(twin.hardState.commit, lowest - 1 + prng.below(end - lowest + 2));
    const state: HardState = {
      term,
      vote: prng.pick(['', A, B]),
      commit,
      leader: prng.bool(),
    };
    this.wal.append(entries, state);
    this.twin.append(entries, state);
  }

  checkpoint(): void {
    const prng = this.#prng;
    const { twin } = this;
    const { index } = twin.snapshot;
    const saved = index + prng.below(Math.max(twin.hardState.commit - index, 0) + 1);
    const meta = { ...twin.snapshot, index: saved, term: twin.term(saved) ?? 0 };
    const compactTo = prng.bool() ? prng.below(saved + 1) : 0;
    this.wal.setSnapshot(meta, compactTo);
    twin.snapshot = meta;
    twin.compact(compactTo);
  }

  compact(): void {
    const index = this.#prng.below(this.twin.snapshot.index + 1);
    this.wal.compact(index);
    this.twin.compact(index);
  }

  install(): void {
    const prng = this.#prng;
    const { twin } = this;
    const index = Math.max(twin.snapshot.index, twin.hardState.commit) + 1 + prng.below(20);
    const term = Math.max(twin.hardState.term, twin.lastTerm) + prng.below(2);
    const meta = { ...twin.snapshot, index, term };
    const state = { ...twin.hardState, term, commit: index };
    this.store.atomically(() => {
      this.wal.installSnapshot(meta);
      this.wal.append([], state);
    });
    twin.install(meta);
    twin.append([], state);
  }

  sync(): void {
    this.store.sync();
    this.durable = this.twin.clone();
  }

  crash(): void {
    this.store = this.store.crash();
    this.wal = Wal.open(this.store);
    this.twin = this.durable.clone();
  }

  /** Some statement of one operation fails, and the member stops: none of it may be seen later. */
  crashWithin(): void {
    this.sync();
    let statements = this.#prng.below(6);
    const dying = this.store.crash({
      beforeStatement: () => {
        if (statements-- <= 0) throw new Error('power cut');
      },
    });
    try {
      statements = Infinity;
      this.wal = Wal.open(dying);
      statements = this.#prng.below(6);
      this.store = dying;
      this.#prng.pick([() => this.append(), () => this.checkpoint(), () => this.install()])();
      statements = Infinity;
      this.sync();
    } catch (error) {
      assert.match(String(error), /power cut/);
    }
    // A handler that throws does not take its writes back: what was not undone becomes durable.
    if (this.#prng.bool()) dying.sync();
    this.store = dying.crash({});
    this.wal = Wal.open(this.store);
    this.twin = this.durable.clone();
  }

  compare(): void {
    const { wal, twin } = this;
    const { hardState, snapshot } = wal.initialState();
    const commit = Math.max(twin.hardState.commit, twin.snapshot.index);
    assert.deepEqual(hardState, { ...twin.hardState, commit });
    assert.deepEqual(snapshot, twin.snapshot);
    assert.equal(wal.firstIndex(), twin.compacted.index + 1);
    assert.equal(wal.lastIndex(), twin.lastIndex);
    const prng = this.#prng;
    const lo = wal.firstIndex() + prng.below(twin.entries.length + 1);
    const hi = lo + prng.below(twin.lastIndex - lo + 2);
    const bytesMax = prng.pick([0, 100, 5000, Infinity]);
    assert.deepEqual(wal.entries(lo, hi, bytesMax), twin.read(lo, hi, bytesMax));
    for (const index of [lo - 1, lo, hi, twin.lastIndex, twin.lastIndex + 1]) {
      assert.equal(wal.term(index), twin.term(index), `term of ${index}`);
    }
  }
}

describe('Wal beside a plain array', () => {
  for (let seed = 1; seed <= 60; seed++) {
    it(`seed ${seed}`, () => {
      const life = new Life(new Prng(seed));
      for (let step = 0; step < 250; step++) {
        life.step();
        life.compare();
      }
      life.sync();
      life.crash();
      life.compare();
      assert.deepEqual(
        life.wal.entries(life.wal.firstIndex(), life.wal.lastIndex() + 1, Infinity),
        life.twin.entries,
      );
    });
  }
});

describe('Wal and flipped bits', () => {
  it('finds every flipped bit in what it builds on, and names the row', () => {
    const prng = new Prng(77);
    let found = 0;
    for (let round = 0; round < 40; round++) {
      const life = new Life(prng);
      for (let step = 0; step < 15; step++) life.append();
      life.checkpoint();
      const rows = ['wal', 'wal_meta'].flatMap((table) =>
        life.store.rows(table, 0, Number.MAX_SAFE_INTEGER, Infinity).map((row) => ({ table, row })),
      );
      for (let flip = 0; flip < 40; flip++) {
        const { table, row } = prng.pick(rows);
        const bits = 8 * (row.head.length + row.data.length);
        const damaged = life.store.fork();
        damaged.flipBit(table, row.id, prng.below(bits));
        const problem = problemOf(damaged);
        if (problem === undefined) {
          // Only the data of rows no longer needed goes unread; the log is then the same.
          const intact = Wal.open(life.store);
          const wal = Wal.open(damaged);
          assert.equal(wal.firstIndex(), intact.firstIndex());
          assert.equal(wal.lastIndex(), intact.lastIndex());
          assert.ok(wal.firstIndex() > 1);
        } else {
          found++;
          assert.equal(problem.table, table);
          assert.equal(problem.row, row.id);
          assert.match(problem.message, /expected|known|bytes|kind/);
        }
      }
    }
    assert.ok(found > 1000, `found ${found}`);
  });

  it('finds a lost row, a row under a wrong id, and rows that were swapped', () => {
    const store = new MemoryRowStore();
    const wal = Wal.open(store);
    for (let index = 1; index <= 5; index++) {
      wal.append([entry(index, 1, 10)], { term: 1, vote: A, commit: index - 1, leader: true });
    }
    const [, second, third] = store.rows('wal', 0, 99, 99);
    assert.ok(second && third);
    const damages: Record<string, (damaged: MemoryRowStore) => void> = {
      lost: (damaged) => damaged.delete('wal', second.id),
      'lost at the end': (damaged) => damaged.delete('wal', 4),
      moved: (damaged) => {
        damaged.delete('wal', second.id);
        damaged.put('wal', 77, second.head, second.data);
      },
      swapped: (damaged) => {
        damaged.put('wal', second.id, third.head, third.data);
        damaged.put('wal', third.id, second.head, second.data);
      },
      'cut short': (damaged) => damaged.put('wal', second.id, second.head, second.data.slice(1)),
      'without head': (damaged) => damaged.put('wal', second.id, new Uint8Array(0), second.data),
    };
    for (const [name, damage] of Object.entries(damages)) {
      const damaged = store.fork();
      damage(damaged);
      if (name === 'lost at the end') damaged.delete('wal_meta', 0);
      const problem = problemOf(damaged);
      if (name === 'lost at the end')
        assert.equal(problem, undefined, 'an unsynced end is no damage');
      else assert.ok(problem, `${name} was not found`);
    }
  });

  it('finds a missing part of an entry that takes several rows', () => {
    const store = new MemoryRowStore();
    Wal.open(store).append([entry(1, 1, 4_000_000)], { term: 1, vote: A, commit: 0, leader: true });
    const rows = store.heads('wal', 0, 99, 99);
    assert.equal(rows.length, 3);
    for (const { id } of rows) {
      const damaged = store.fork();
      damaged.delete('wal', id);
      assert.ok(problemOf(damaged), `row ${id}`);
    }
  });
});

/** What opening and reading the whole log finds wrong. */
function problemOf(store: MemoryRowStore): CorruptWalError | undefined {
  try {
    const wal = Wal.open(store);
    wal.entries(wal.firstIndex(), wal.lastIndex() + 1, Infinity);
    return undefined;
  } catch (error) {
    if (error instanceof CorruptWalError) return error;
    throw error;
  }
}
