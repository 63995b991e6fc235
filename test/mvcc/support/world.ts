/** The page store and the naive one side by side, the commands that drive both, and the comparison. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { bytesOf, byteString } from '../../../src/lib/bytes.ts';
import { Prng } from '../../../src/lib/prng.ts';
import type { Settings } from '../../../src/mvcc/settings.ts';
import type { MvccStore } from '../../../src/mvcc/store.ts';
import { openMvcc } from '../../../src/mvcc/store.ts';
import type {
  KeyRange,
  KeyValue,
  PageExport,
  PageImport,
  ReadView,
} from '../../../src/mvcc/types.ts';
import type { MemoryRowStoreOptions } from '../../support/memory-row-store.ts';
import { MemoryRowStore } from '../../support/memory-row-store.ts';
import { NaiveStore } from '../naive-store.ts';

export type Op =
  | { readonly kind: 'put'; readonly key: number; readonly bytes: number; readonly lease: number }
  | { readonly kind: 'delete'; readonly key: number }
  | { readonly kind: 'deleteRange'; readonly from: number; readonly to: number };

export type Command =
  | { readonly kind: 'txn'; readonly ops: readonly Op[]; readonly abort: boolean }
  | { readonly kind: 'compact'; readonly back: number }
  | { readonly kind: 'flush' | 'work' | 'settle' | 'reopen' | 'crash' }
  | { readonly kind: 'fail'; readonly during: 'flush' | 'work'; readonly statements: number }
  | { readonly kind: 'check'; readonly seed: number }
  | { readonly kind: 'snapshot'; readonly writes: readonly Op[]; readonly chunk: number };

const KEYS = 40;
const LEASES = [0n, 7n, -5n, 0x7fff_ffff_ffff_ffffn];

/** Sizes at which a few dozen changes fill several pages of each kind. */
export const TINY: Partial<Settings> = {
  logPageBytes: 200,
  logRunPages: 3,
  leafPageBytes: 120,
  leafPageBytesMax: 160,
  leafPageBytesMin: 40,
  cacheBytes: 2_000,
  memtableEntriesMax: 6,
  replayBytesMax: 1_000,
  mergeSliceLeaves: 1,
  compactionSliceBytes: 150,
  compactionSlicePages: 1,
  discardSliceRows: 3,
  hashStepBytes: 150,
};

export interface World {
  rows: MemoryRowStore;
  store: MvccStore;
  readonly naive: NaiveStore;
  /** Committed transactions and compactions since the last flush: what a WAL would replay. */
  unflushed: ((store: MvccStore) => void)[];
  /** Statements to the rows until one fails, and with it the turn. */
  readonly fuse: { statements: number };
  readonly prng: Prng;
}

class Blown extends Error {
  override readonly name = 'Blown';
}

export function makeWorld(seed: number): World {
  const fuse = { statements: Infinity };
  const rows = new MemoryRowStore(fused(fuse));
  return {
    rows,
    store: openMvcc(rows, TINY),
    naive: new NaiveStore(),
    unflushed: [],
    fuse,
    prng: new Prng(seed),
  };
}

function fused(fuse: World['fuse']): MemoryRowStoreOptions {
  return {
    beforeStatement: () => {
      if (fuse.statements-- <= 0) throw new Blown('the statement fails');
    },
  };
}

/** Short and long keys, many with a common beginning, one the prefix of another. */
export function keyAt(index: number): string {
  const name = index.toString(36);
  if (index % 5 === 0) return `a/common/prefix/that/is/long/${name}`;
  if (index % 7 === 0) return `a/common/prefix/${'x'.repeat(index)}`;
  return index % 2 === 0 ? `k${name}` : `k${name}\xff\0`;
}

export function commands(): fc.Arbitrary<Command[]> {
  const key = fc.oneof(
    { weight: 3, arbitrary: fc.nat(KEYS - 1) },
    { weight: 1, arbitrary: fc.nat(2) },
  );
  const op: fc.Arbitrary<Op> = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('put' as const),
        key,
        bytes: fc.oneof(
          { weight: 9, arbitrary: fc.nat(30) },
          { weight: 1, arbitrary: fc.nat(500) },
        ),
        lease: fc.nat(LEASES.length - 1),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('deleteRange' as const), from: key, to: key }),
    },
  );
  const ops = fc.oneof(
    { weight: 6, arbitrary: fc.array(op, { minLength: 1, maxLength: 2 }) },
    { weight: 1, arbitrary: fc.array(op, { maxLength: 25 }) },
  );
  const command: fc.Arbitrary<Command> = fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        kind: fc.constant('txn' as const),
        ops,
        abort: fc.nat(9).map((n) => n === 0),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('compact' as const), back: fc.nat(12) }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constantFrom(
          'flush' as const,
          'work' as const,
          'work' as const,
          'settle' as const,
        ),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constantFrom('reopen' as const, 'crash' as const) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('fail' as const),
        during: fc.constantFrom('flush' as const, 'work' as const),
        statements: fc.nat(20),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('check' as const), seed: fc.nat() }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('snapshot' as const),
        writes: ops,
        chunk: fc.integer({ min: 1, max: 600 }),
      }),
    },
  );
  return fc.array(command, { maxLength: 120, size: 'max' });
}

export function applyCommand(world: World, command: Command): void {
  switch (command.kind) {
    case 'txn':
      transact(world, command.ops, command.abort);
      break;
    case 'compact':
      compact(world, command.back);
      break;
    case 'flush':
      flush(world);
      break;
    case 'work':
      if (world.store.hasWork) world.store.work();
      break;
    case 'settle':
      settle(world.store);
      break;
    case 'reopen':
      flush(world);
      world.store = openMvcc(world.rows, TINY);
      break;
    case 'crash':
      crash(world);
      break;
    case 'fail':
      fail(world, command.during, command.statements);
      break;
    case 'check':
      compareSome(world, new Prng(command.seed));
      break;
    case 'snapshot':
      snapshot(world, command.writes, command.chunk);
      break;
  }
  // Every command is a turn of its own.
  world.rows.sync();
}

/** Does all background work. */
export function settle(store: MvccStore): void {
  for (let slices = 0; store.hasWork; slices++) {
    assert.ok(slices < 5_000, 'background work does not come to an end');
    store.work();
  }
}

function transact(world: World, ops: readonly Op[], abort: boolean): void {
  const { store, naive } = world;
  const [mine, theirs] = [store.begin(), naive.begin()];
  for (const op of ops) {
    if (op.kind === 'put') {
      const value = valueOf(op.bytes, naive.revision);
      const lease = LEASES[op.lease] ?? 0n;
      const key = keyAt(op.key);
      assert.deepEqual(mine.put(key, value, lease), theirs.put(key, value, lease));
    } else {
      const range = op.kind === 'delete' ? single(keyAt(op.key)) : between(op.from, op.to);
      assert.deepEqual(mine.deleteRange(range), theirs.deleteRange(range));
    }
    assert.equal(mine.changed, theirs.changed);
  }
  compareView(world, mine, theirs);
  compareView(world, store, naive);
  if (abort) {
    mine.abort();
    theirs.abort();
    return;
  }
  const changes = mine.commit();
  assert.deepEqual(plain(changes), plain(theirs.commit()));
  if (changes.length > 0) world.unflushed.push((again) => replay(again, changes));
}

/** What a WAL entry does when it is applied again. */
function replay(store: MvccStore, changes: ReturnType<MvccStore['changes']>['changes']): void {
  const txn = store.begin();
  for (const { type, kv } of changes) {
    if (type === 'put') txn.put(kv.key, kv.value, kv.lease);
    else txn.deleteRange(single(kv.key));
  }
  assert.deepEqual(plain(txn.commit()), plain(changes));
}

function compact(world: World, back: number): void {
  const revision = world.naive.revision - back;
  if (revision <= world.naive.compactRevision) {
    assert.throws(() => world.store.compact(revision), { name: 'CompactedError' });
    return;
  }
  world.store.compact(revision);
  world.naive.compact(revision);
  world.unflushed.push((again) => again.compact(revision));
}

function flush(world: World): void {
  world.store.flush();
  world.naive.flush();
  world.unflushed = [];
  assert.equal(world.store.unflushedBytes, 0);
}

function crash(world: World): void {
  world.rows = world.rows.crash();
  world.store = openMvcc(world.rows, TINY);
  for (const again of world.unflushed) again(world.store);
}

/** A statement fails in the middle of a flush or of some work: that turn is lost, the store is done. */
function fail(world: World, during: 'flush' | 'work', statements: number): void {
  const { store, fuse } = world;
  fuse.statements = statements;
  try {
    if (during === 'flush') {
      flush(world);
    } else {
      for (; store.hasWork; world.rows.sync()) store.work();
    }
    fuse.statements = Infinity;
  } catch (error) {
    fuse.statements = Infinity;
    if (!(error instanceof Blown)) throw error;
    assert.throws(() => store.begin(), { cause: error });
    crash(world);
  }
}

/** Sends the store's pages to a second one while both go on, then lives on with the second. */
function snapshot(world: World, writes: readonly Op[], chunk: number): void {
  flush(world);
  const receiverRows = new MemoryRowStore(fused(world.fuse));
  const receiver = openMvcc(receiverRows, TINY);
  const before = receiver.begin();
  before.put('of the receiver', bytesOf('gone after the install'), 0n);
  before.commit();
  const sending = world.store.exportPages();
  assert.equal(sending.revision, world.naive.revision);
  const expected = plain(world.naive.changes(Math.max(0, world.naive.compactRevision), Infinity));
  transact(world, writes, false);
  const receiving = receiver.importPages();
  transfer(world, sending, receiving, chunk);
  receiving.install(sending.revision, sending.compactRevision);
  sending.close();
  assert.deepEqual(
    plain(receiver.changes(Math.max(0, receiver.compactRevision), Infinity)),
    expected,
  );
  world.rows = receiverRows;
  world.store = receiver;
  const missed = world.unflushed;
  for (const again of missed) again(receiver);
}

function transfer(world: World, sending: PageExport, receiving: PageImport, chunk: number): void {
  let next: number | undefined = 0;
  while (next !== undefined) {
    const part: ReturnType<PageExport['read']> = sending.read(next, chunk);
    receiving.add(part.pages);
    next = part.next;
    if (world.prng.bool(0.3) && world.store.hasWork) world.store.work();
    if (world.prng.bool(0.1)) world.store.flush();
  }
}

function compareSome(world: World, prng: Prng): void {
  const { store, naive } = world;
  compareView({ ...world, prng }, store, naive);
  const oldest = Math.max(0, naive.compactRevision);
  const from = oldest + prng.below(naive.revision - oldest + 2);
  const bytes = 1 + prng.below(300);
  const mine = store.changes(from, bytes);
  const all = naive.changes(from, Infinity).changes;
  assert.deepEqual(plain(mine.changes), plain(all.slice(0, mine.changes.length)));
  assert.equal(
    mine.next,
    all[mine.changes.length]?.kv.modRevision ?? Math.max(from, naive.revision + 1),
  );
  const revision = oldest + prng.below(naive.revision - oldest + 1);
  if (revision > 0) assert.deepEqual(store.hash(revision), naive.hash(revision));
}

/** Everything that can be asked of both. */
export function compareAll(world: World): void {
  const { store, naive } = world;
  assert.equal(store.revision, naive.revision);
  assert.equal(store.compactRevision, naive.compactRevision);
  assert.equal(store.liveBytes, naive.liveBytes);
  assert.deepEqual(store.hash(0), naive.hash(0));
  const oldest = Math.max(0, naive.compactRevision);
  assert.deepEqual(plain(store.changes(oldest, Infinity)), plain(naive.changes(oldest, Infinity)));
  const everything = { start: '', end: undefined };
  for (let revision = oldest; revision <= naive.revision; revision++) {
    const options = { revision, limit: 0, keysOnly: false, countOnly: false };
    assert.deepEqual(
      plain(store.range(everything, options)),
      plain(naive.range(everything, options)),
    );
  }
}

/** Random single reads and ranges on two views of the same state. */
function compareView(world: World, mine: ReadView, theirs: ReadView): void {
  const { prng, naive } = world;
  const key = keyAt(prng.below(KEYS));
  assert.deepEqual(mine.meta(key), theirs.meta(key));
  assert.deepEqual(plain(mine.get(key)), plain(theirs.get(key)));
  const oldest = Math.max(0, naive.compactRevision);
  const at = oldest + prng.below(naive.revision - oldest + 1);
  assert.deepEqual(plain(world.store.getAt(key, at)), plain(naive.getAt(key, at)));
  const range = prng.bool(0.2)
    ? { start: prng.bool(0.5) ? '' : key, end: undefined }
    : between(prng.below(KEYS), prng.below(KEYS));
  const options = {
    revision: prng.bool(0.5) ? 0 : at,
    limit: prng.bool(0.3) ? 0 : 1 + prng.below(5),
    keysOnly: prng.bool(0.2),
    countOnly: prng.bool(0.2),
    skipCount: prng.bool(0.1),
  };
  assert.deepEqual(plain(mine.range(range, options)), plain(theirs.range(range, options)));
}

export function single(key: string): KeyRange {
  return { start: key, end: `${key}\0` };
}

function between(from: number, to: number): KeyRange {
  return { start: keyAt(from), end: keyAt(to) };
}

function valueOf(bytes: number, salt: number): Uint8Array {
  const value = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at++) value[at] = (at * 31 + salt) & 0xff;
  return value;
}

/** Values as strings: views into pages and copies of them then compare equal, and print well. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return byteString(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value as Partial<KeyValue>).map(([name, field]) => [name, plain(field)]),
  );
}
