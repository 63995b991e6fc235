import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { AssertionError } from '../../src/lib/assert.ts';
import { entriesBytes, limitEntries } from '../../src/raft/entry.ts';
import { RaftLog } from '../../src/raft/log.ts';
import { type Entry, EntryKind } from '../../src/raft/types.ts';
import { encodeConfChange } from '../../src/raft/codec.ts';
import { emptyLog, id, type MemoryLog, voters } from './support/memory-log.ts';
import { entriesOf } from './support/single.ts';

const CONF = voters(id(1));

function stored(terms: readonly number[], compactTo = 0): MemoryLog {
  const log = emptyLog(CONF);
  log.append(entriesOf(terms));
  if (compactTo > 0) {
    log.checkpoint = { index: compactTo, term: log.term(compactTo) ?? 0, confState: CONF };
    log.compact(compactTo);
  }
  return log;
}

/** Does what a host does with what is unwritten, at once. */
function write(log: RaftLog, storage: MemoryLog): void {
  storage.append(log.takeUnwritten());
  log.stableTo(log.last);
}

describe('against a plain list', () => {
  interface Run {
    readonly storage: MemoryLog;
    readonly log: RaftLog;
    /** Terms by index - 1. */
    terms: number[];
    applied: number;
  }

  const appendAt = fc.record({
    at: fc.nat(30),
    terms: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 5 }),
  });
  const command = fc.oneof(
    appendAt.map(
      ({ at, terms }) =>
        (run: Run) =>
          replace(run, at, terms),
    ),
    fc.nat(6).map((by) => (run: Run) => {
      const to = Math.min(run.log.commit + by, run.terms.length);
      const news = to > run.log.commit;
      assert.equal(run.log.commitTo(to), news);
    }),
    fc.constant((run: Run) => write(run.log, run.storage)),
    fc.nat(60).map((bytes) => (run: Run) => apply(run, bytes)),
    fc.nat(20).map((by) => (run: Run) => compact(run, by)),
  );

  function replace(run: Run, at: number, raw: readonly number[]): void {
    const previous = Math.max(run.log.commit, Math.min(at, run.terms.length));
    let term = run.terms[previous - 1] ?? 1;
    const terms = raw.map((up) => (term += up - 1));
    const entries = entriesOf(terms, previous + 1);
    assert.equal(
      run.log.maybeAppend({ index: previous, term: run.terms[previous - 1] ?? 0 }, entries),
      true,
    );
    const same = terms.every((each, offset) => run.terms[previous + offset] === each);
    if (!same) run.terms = [...run.terms.slice(0, previous), ...terms];
  }

  function apply(run: Run, bytesMax: number): void {
    // Storage must hold what is handed out before it is applied.
    write(run.log, run.storage);
    const entries = run.log.takeCommitted(bytesMax);
    for (const entry of entries) assert.equal(entry.index, ++run.applied);
    if (entries.length > 1) assert.ok(entriesBytes(entries) <= bytesMax);
    if (entries.length > 0) run.log.appliedTo(run.applied);
  }

  function compact(run: Run, by: number): void {
    const to = Math.min(run.applied, run.storage.firstIndex() - 1 + by, run.storage.lastIndex());
    if (to < run.storage.firstIndex()) return;
    run.storage.checkpoint = { index: to, term: run.storage.term(to) ?? 0, confState: CONF };
    run.storage.compact(to);
  }

  function check({ log, storage, terms }: Run): void {
    assert.equal(log.lastIndex, terms.length);
    assert.equal(log.firstIndex, storage.firstIndex());
    for (let index = log.firstIndex; index <= terms.length; index++) {
      assert.equal(log.term(index), terms[index - 1]);
    }
    assert.equal(log.term(terms.length + 1), undefined);
    assert.ok(log.stable <= log.lastIndex && log.applied <= log.commit);
    if (log.firstIndex > log.lastIndex) return;
    const all = log.slice(log.firstIndex, log.lastIndex + 1, Infinity);
    assert.deepEqual(
      all.map(({ term, index }) => [term, index]),
      terms.slice(log.firstIndex - 1).map((term, at) => [term, log.firstIndex + at]),
    );
    const some = log.slice(log.firstIndex, log.lastIndex + 1, 40);
    assert.deepEqual(some, limitEntries(all, 40));
    for (let term = 0; term < 8; term++) {
      const from = log.firstIndex - 1;
      let expected = from;
      for (let at = log.firstIndex; at <= log.lastIndex; at++) {
        if ((log.term(at) ?? 0) <= term) expected = at;
      }
      assert.equal(log.agreement(log.lastIndex, term).index, expected);
    }
  }

  test('any sequence of appends, truncations, commits, writes, applies and compactions', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
        const storage = emptyLog(CONF);
        const run = { storage, log: new RaftLog(storage, 0, 0), terms: [], applied: 0 };
        for (const each of commands) {
          each(run);
          check(run);
        }
      }),
      { numRuns: 400 },
    );
  });
});

describe('start', () => {
  test('begins at the checkpoint, and hands out what is committed after it', () => {
    const storage = stored([1, 1, 2, 2], 2);
    const log = new RaftLog(storage, 2, 3);
    assert.deepEqual([log.firstIndex, log.lastIndex, log.commit, log.applied], [3, 4, 3, 2]);
    assert.deepEqual(log.takeCommitted(1000), entriesOf([2], 3));
    assert.equal(log.term(2), 1);
    assert.equal(log.term(1), undefined);
  });

  test('a checkpoint ahead of the stored commit counts as committed', () => {
    assert.equal(new RaftLog(stored([1, 1, 1], 3), 3, 1).commit, 3);
  });

  for (const [name, applied, commit] of [
    ['a commit beyond the log', 0, 9],
    ['an applied index beyond the log', 9, 0],
  ] as const) {
    test(`refuses ${name}`, () => {
      assert.throws(() => new RaftLog(stored([1, 1]), applied, commit), AssertionError);
    });
  }

  test('refuses a gap between what is applied and the log', () => {
    const storage = stored([1, 1, 1], 2);
    assert.throws(() => new RaftLog(storage, 1, 2), AssertionError);
  });
});

describe('truncation', () => {
  test('of what is committed is a broken invariant', () => {
    const log = new RaftLog(stored([1, 1, 1]), 0, 2);
    assert.throws(() => log.maybeAppend({ index: 1, term: 1 }, entriesOf([2], 2)), AssertionError);
  });

  test('takes back what was stable, and what was handed out is written again', () => {
    const storage = stored([1, 1, 1]);
    const log = new RaftLog(storage, 0, 0);
    assert.equal(log.maybeAppend({ index: 1, term: 1 }, entriesOf([2, 2], 2)), true);
    assert.equal(log.stable, 1);
    const handed = log.takeUnwritten();
    assert.deepEqual(handed, entriesOf([2, 2], 2));
    const point = log.last;
    // Before that write is reported another leader replaces it.
    assert.equal(log.maybeAppend({ index: 1, term: 1 }, entriesOf([3], 2)), true);
    log.stableTo(point);
    assert.equal(log.stable, 1);
    assert.deepEqual(log.takeUnwritten(), entriesOf([3], 2));
  });
});

describe('snapshot', () => {
  const meta = { index: 9, term: 4, confState: CONF };

  test('hides the stored log until it is installed', () => {
    const storage = stored([1, 1, 1]);
    const log = new RaftLog(storage, 0, 1);
    log.restore(meta);
    assert.deepEqual([log.firstIndex, log.lastIndex, log.commit], [10, 9, 9]);
    assert.equal(log.term(9), 4);
    assert.equal(log.term(2), undefined);
    assert.equal(log.hasCommitted, false);
    log.append({ term: 4, index: 10, kind: EntryKind.normal, data: new Uint8Array(0) });
    storage.install(meta);
    storage.append(log.takeUnwritten());
    log.snapshotInstalled(meta);
    log.stableTo(log.last);
    assert.deepEqual([log.firstIndex, log.lastIndex, log.applied], [10, 10, 9]);
    log.commitTo(10);
    assert.equal(log.takeCommitted(100).length, 1);
  });

  test('at or below the commit is a broken invariant', () => {
    const log = new RaftLog(stored([1, 1, 1]), 0, 3);
    assert.throws(() => log.restore({ ...meta, index: 3 }), AssertionError);
  });
});

test('the last conf change that is committed and not applied is found across pages', () => {
  const storage = emptyLog(CONF);
  const change = encodeConfChange({ steps: [], transition: 'auto', context: new Uint8Array(0) });
  const entries: Entry[] = entriesOf(Array.from({ length: 50 }, () => 1)).map((entry) =>
    entry.index % 20 === 0 ? { ...entry, kind: EntryKind.confChange, data: change } : entry,
  );
  storage.append(entries);
  assert.equal(new RaftLog(storage, 0, 50).lastUnappliedConfChange(64), 40);
  assert.equal(new RaftLog(storage, 0, 39).lastUnappliedConfChange(64), 20);
  assert.equal(new RaftLog(storage, 0, 19).lastUnappliedConfChange(64), 0);
});
