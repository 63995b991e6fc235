/**
 * The object under `npm run bench -- mvcc`: one Durable Object that stores puts, either as a member does
 * (log row per batch, apply, pages) or as plain rows, one for each version in each of two tables. A
 * request runs one part of the benchmark; the clock stands still in an object while it runs, so
 * whoever asks takes the time.
 */
import { DurableObject } from 'cloudflare:workers';
import { SqlRowStore } from '../../durable/sql-row-store.ts';
import { InternalRequest } from '../../src/api/messages.ts';
import { StateMachine } from '../../src/apply/state-machine.ts';
import { byteString } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import { ReplicatedLeases } from '../../src/lease/replicated-leases.ts';
import { Checkpoints } from '../../src/member/checkpoints.ts';
import { openMvcc } from '../../src/mvcc/store.ts';
import type { MvccStore } from '../../src/mvcc/store.ts';
import type { Entry } from '../../src/raft/types.ts';
import { EntryKind } from '../../src/raft/types.ts';
import { Wal } from '../../src/wal/wal.ts';

interface Env {
  readonly OBJECTS: DurableObjectNamespace<MvccBenchObject>;
}

/** A part of the benchmark: `path` of the request and its numbers. */
interface Order {
  readonly path: string;
  readonly count: number;
  readonly from: number;
  readonly batch: number;
  readonly seed: number;
  readonly settings: Record<string, number>;
}

const KEY_BYTES = 16;
const VALUE_BYTES = 256;
const TERM = 1;
const SELF = '0000000000000001';
const CONF_STATE = {
  voters: [SELF],
  learners: [],
  votersOutgoing: [],
  learnersNext: [],
  autoLeave: false,
};

export class MvccBenchObject extends DurableObject<Env> {
  #rows: SqlRowStore | undefined;
  #store: MvccStore | undefined;
  #settings: Record<string, number> = {};

  override async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const number = (name: string, otherwise: number): number =>
      Number(url.searchParams.get(name) ?? otherwise);
    this.#settings = JSON.parse(url.searchParams.get('settings') ?? '{}') as Record<string, number>;
    const answer = await this.#obey({
      path: url.pathname,
      count: number('count', 1),
      from: number('from', 0),
      batch: number('batch', 256),
      seed: number('seed', 1),
      settings: this.#settings,
    });
    return Response.json(answer);
  }

  async #obey(order: Order): Promise<unknown> {
    switch (order.path) {
      case '/noop':
        return {};
      case '/member':
        return await this.#loadAsMember(order);
      case '/plain':
        return await this.#loadPlain(order);
      case '/fill':
        return await this.#fill(order);
      case '/overwrite':
        return await this.#overwrite(order);
      case '/settle':
        return await this.#settle();
      case '/open':
        this.#store = undefined;
        return this.#open().stats;
      case '/get':
        return this.#get(order);
      case '/range':
        return this.#range(order);
      case '/count':
        return this.#open().range(
          { start: '', end: undefined },
          { revision: 0, limit: 0, keysOnly: true, countOnly: true },
        );
      case '/hash':
        return await this.#hash();
      case '/stats':
        return { ...this.#open().stats, size: this.ctx.storage.sql.databaseSize };
      default:
        throw new Error(`the benchmark asked for ${order.path}`);
    }
  }

  #open(): MvccStore {
    this.#rows ??= new SqlRowStore(this.ctx.storage);
    this.#store ??= openMvcc(this.#rows, this.#settings);
    return this.#store;
  }

  /** Puts as a member handles them: a log row per batch, apply, checkpoints, page work between turns. */
  async #loadAsMember({ count, batch, seed, from }: Order): Promise<unknown> {
    const rows = new SqlRowStore(this.ctx.storage);
    const wal = Wal.open(rows);
    const mvcc = openMvcc(rows, this.#settings);
    const state = StateMachine.open(rows, { mvcc, leases: new ReplicatedLeases(rows) });
    const checkpoints = new Checkpoints(rows, wal, state);
    if (state.saved === undefined) state.bootstrap([]);
    const before = rows.rowsWritten;
    const prng = new Prng(seed);
    for (let done = from; done < from + count; done += batch) {
      const entries = makeEntries(prng, wal.lastIndex() + 1, Math.min(batch, count - done + from));
      const last = entries[entries.length - 1] as Entry;
      wal.append(entries, { term: TERM, vote: SELF, commit: last.index, leader: true });
      for (const entry of entries) state.applyEntry(entry);
      if (checkpoints.due) checkpoints.save(CONF_STATE, last.index);
      await turn();
      if (mvcc.hasWork) mvcc.work();
    }
    await this.ctx.storage.sync();
    return { rowsWritten: rows.rowsWritten - before, stats: this.#statsOf(mvcc) };
  }

  #statsOf(mvcc: MvccStore): unknown {
    return { ...mvcc.stats, size: this.ctx.storage.sql.databaseSize };
  }

  /** The same puts with a row per version in two tables, and the same log. */
  async #loadPlain({ count, batch, seed }: Order): Promise<unknown> {
    const rows = new SqlRowStore(this.ctx.storage);
    const wal = Wal.open(rows);
    const plain = new PlainRows(this.ctx.storage);
    const before = rows.rowsWritten;
    const prng = new Prng(seed);
    for (let done = 0; done < count; done += batch) {
      const entries = makeEntries(prng, wal.lastIndex() + 1, Math.min(batch, count - done));
      const last = entries[entries.length - 1] as Entry;
      wal.append(entries, { term: TERM, vote: SELF, commit: last.index, leader: true });
      for (const entry of entries) {
        const { put } = InternalRequest.decode(entry.data);
        if (put) plain.put(put.key, put.value);
      }
      await turn();
    }
    await this.ctx.storage.sync();
    return { rowsWritten: rows.rowsWritten - before + plain.rowsWritten };
  }

  /** Keys `from` on, known by their number, straight into the store. */
  async #fill({ count, from, batch }: Order): Promise<unknown> {
    const store = this.#open();
    for (let done = from; done < from + count; done += batch) {
      for (let index = done; index < Math.min(done + batch, from + count); index++) {
        putOne(store, keyOf(index), index);
      }
      await this.#endTurn(store);
    }
    store.flush();
    await this.ctx.storage.sync();
    return this.#statsOf(store);
  }

  /** Puts to random ones of the first `from` keys. */
  async #overwrite({ count, from, batch, seed }: Order): Promise<unknown> {
    const store = this.#open();
    const prng = new Prng(seed);
    for (let done = 0; done < count; done += batch) {
      for (let index = 0; index < batch; index++) putOne(store, keyOf(prng.below(from)), index);
      await this.#endTurn(store);
    }
    store.compact(store.revision);
    store.flush();
    await this.ctx.storage.sync();
    return this.#statsOf(store);
  }

  async #endTurn(store: MvccStore): Promise<void> {
    if (store.unflushedBytes > 4 * 1024 * 1024) store.flush();
    await turn();
    if (store.hasWork) store.work();
  }

  async #settle(): Promise<unknown> {
    const store = this.#open();
    let slices = 0;
    for (; store.hasWork; slices++) {
      store.work();
      await turn();
    }
    return { slices, ...store.stats };
  }

  /** `count` reads of random ones of the first `from` keys. */
  #get({ count, from, seed }: Order): unknown {
    const store = this.#open();
    const prng = new Prng(seed);
    let bytes = 0;
    for (let index = 0; index < count; index++) {
      const pair = store.get(keyOf(prng.below(from)));
      if (pair?.value.length !== VALUE_BYTES) throw new Error(`key ${index} is not there`);
      bytes += pair.value.length;
    }
    return { bytes };
  }

  /** `count` pages of a thousand keys, each with the count of all keys after it. */
  #range({ count, seed }: Order): unknown {
    const store = this.#open();
    const prng = new Prng(seed);
    let keys = 0;
    for (let index = 0; index < count; index++) {
      const start = keyOf(prng.below(1_000_000));
      const options = { revision: 0, limit: 1000, keysOnly: true, countOnly: false };
      keys += store.range({ start, end: undefined }, options).kvs.length;
    }
    return { keys };
  }

  async #hash(): Promise<unknown> {
    const job = this.#open().hashInSteps(0);
    for (let steps = 1; ; steps++) {
      const result = job.step();
      if (result !== undefined) return { steps, ...result };
      await turn();
    }
  }
}

/** One row for each version in a table by revision, and one in a table by key. */
class PlainRows {
  readonly #sql: SqlStorage;
  #revision = 1;
  rowsWritten = 0;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS plain_revisions (revision INTEGER, sub INTEGER,
      key BLOB, value BLOB, created INTEGER, version INTEGER, lease INTEGER,
      PRIMARY KEY (revision, sub)) WITHOUT ROWID`);
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS plain_keys (key BLOB, revision INTEGER, sub INTEGER,
      created INTEGER, version INTEGER, lease INTEGER, PRIMARY KEY (key, revision, sub)) WITHOUT ROWID`);
  }

  put(key: Uint8Array, value: Uint8Array): void {
    const [before] = this.#sql
      .exec<{ created: number; version: number }>(
        'SELECT created, version FROM plain_keys WHERE key = ? ORDER BY revision DESC LIMIT 1',
        key,
      )
      .toArray();
    const revision = ++this.#revision;
    const created = before?.created ?? revision;
    const version = (before?.version ?? 0) + 1;
    this.rowsWritten += this.#sql.exec(
      'INSERT INTO plain_revisions VALUES (?, 0, ?, ?, ?, ?, 0)',
      revision,
      key,
      value,
      created,
      version,
    ).rowsWritten;
    this.rowsWritten += this.#sql.exec(
      'INSERT INTO plain_keys VALUES (?, ?, 0, ?, ?, 0)',
      key,
      revision,
      created,
      version,
    ).rowsWritten;
  }
}

function makeEntries(prng: Prng, firstIndex: number, count: number): Entry[] {
  const entries: Entry[] = [];
  for (let at = 0; at < count; at++) {
    const put = { key: prng.bytes(KEY_BYTES), value: VALUE };
    const request = { proposer: PROPOSER, sequence: firstIndex + at, put };
    const data = InternalRequest.encode(request).finish();
    entries.push({ term: TERM, index: firstIndex + at, kind: EntryKind.normal, data });
  }
  return entries;
}

const PROPOSER = new Uint8Array(8);
const VALUE = new Prng(1).bytes(VALUE_BYTES);

function putOne(store: MvccStore, key: string, salt: number): void {
  const txn = store.begin();
  const value = new Uint8Array(VALUE_BYTES).fill(salt & 0xff);
  txn.put(key, value, 0n);
  txn.commit();
}

/** The key with number `index`: 16 bytes that look random, the same in every run. */
function keyOf(index: number): string {
  return byteString(new Prng(index + 1).bytes(KEY_BYTES));
}

/** Ends the turn of the event loop: its writes become one commit. */
async function turn(): Promise<void> {
  await scheduler.wait(0);
}

export default {
  fetch(request, env) {
    const name = new URL(request.url).searchParams.get('object') ?? 'bench';
    return env.OBJECTS.get(env.OBJECTS.idFromName(name)).fetch(request);
  },
} satisfies ExportedHandler<Env>;
