/**
 * A member that follows a leader's log, with clients that watch it, driven by a seed: writes,
 * compactions, lag, snapshots, slow receivers, broken sockets, sleep. Everything that clients receive is
 * recorded, and what really happened is known from a model that shares no code with the store.
 */
import { strict as assert } from 'node:assert';
import { WatchRequest, WatchResponse, type WatchRequestInput } from '../../src/api/messages.ts';
import { bytesOf } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import { WatchHub } from '../../src/watch/hub.ts';
import type { WatchMessage } from '../../src/watch/message.ts';
import type { WatchStream } from '../../src/watch/stream.ts';
import type { HubPorts, SavedStream, WatchReceiver } from '../../src/watch/types.ts';
import { NaiveStore } from '../mvcc/naive-store.ts';
import type { Op } from '../sim/kv.ts';
import { KvModel } from '../sim/model.ts';
import {
  seenOf,
  truthOf,
  WatchRecorder,
  type RecordedWatch,
  type WatchAsked,
  type WatchTruth,
} from '../sim/watch-record.ts';

const KEYS = ['a', 'aa', 'ab', 'b', 'ba', 'c', 'd', 'e'];

type Entry = { readonly ops: readonly Op[] } | { readonly compactTo: number };

/** What may be wrong in a world, for tests that must fail. */
export interface Faults {
  /** Stands between the hub and the store. */
  readonly history?: (store: NaiveStore) => Pick<HubPorts['history'], 'changes' | 'getAt'>;
  /** Stands between the hub and the receivers. */
  readonly messages?: (message: WatchMessage) => readonly WatchMessage[];
  /** The host builds a new hub after a snapshot instead of telling the old one. */
  readonly forgetsSnapshots?: boolean;
  /** The shell saves streams when they are opened and never again. */
  readonly savesOnce?: boolean;
  /** The object sleeps with a store that is not flushed, though the shell does not save every send. */
  readonly sleepsUnflushed?: boolean;
  /** The host does not tell the hub of every third entry. */
  readonly forgetsEntries?: boolean;
}

class Client implements WatchReceiver {
  readonly id: string;
  readonly slow: boolean;
  readonly recorder = new WatchRecorder();
  readonly #tamper: Faults['messages'];
  stream: WatchStream | undefined;
  saved: SavedStream = { attachment: new Uint8Array(0), rows: [] };
  unread = 0;
  ids = 0;

  constructor(id: string, slow: boolean, tamper: Faults['messages']) {
    this.id = id;
    this.slow = slow;
    this.#tamper = tamper;
  }

  send(sent: WatchMessage): 'sent' | 'queued' {
    for (const message of this.#tamper?.(sent) ?? [sent]) {
      this.recorder.received(WatchResponse.decode(message.bytes()));
    }
    if (!this.slow) return 'sent';
    this.unread++;
    return 'queued';
  }

  end(): void {
    assert.fail('no stream of this test asks so much');
  }

  mayRead(): undefined {
    return undefined;
  }

  request(request: WatchRequestInput): void {
    this.stream?.request(WatchRequest.decode(WatchRequest.encode(request).finish()));
  }
}

export class RandomWorld {
  readonly #prng: Prng;
  readonly #faults: Faults;
  readonly #saveEverySend: boolean;
  readonly #model = new KvModel();
  readonly #log: Entry[] = [];
  readonly #clients: Client[] = [];
  readonly #watches: RecordedWatch[] = [];
  #store = new NaiveStore();
  #hub: WatchHub;
  #applied = 0;
  /** Entries whose effect the stored pages hold. */
  #flushed = 0;
  #nowMs = 0;
  #serial = 0;

  constructor(seed: number, faults: Faults = {}) {
    this.#prng = new Prng(seed);
    this.#faults = faults;
    this.#saveEverySend = this.#prng.bool();
    this.#hub = this.#newHub();
  }

  /** Runs `steps` steps, then lets everything come to rest and returns what was seen and what is true. */
  run(steps: number): { readonly watches: readonly RecordedWatch[]; readonly truth: WatchTruth } {
    for (let step = 0; step < steps; step++) this.#step();
    this.#heal();
    return { watches: this.#watches, truth: truthOf(this.#model) };
  }

  #step(): void {
    const die = this.#prng.below(100);
    if (die < 29) this.#write();
    else if (die < 31) this.#compact();
    else if (die < 54) this.#applyNext();
    else if (die < 64) this.#create();
    else if (die < 66) this.#cancel();
    else if (die < 71) this.#withClient((client) => client.request({ progress_request: {} }));
    else if (die < 79) this.#withClient((client) => this.#read(client, 1 + this.#prng.below(3)));
    else if (die < 90) this.#hub.work();
    else if (die < 92) this.#tick();
    else if (die < 94) this.#snapshot();
    else if (die < 96) this.#dropSocket();
    else this.#loseMemory();
    this.#save();
  }

  #write(): void {
    const keys = this.#prng.shuffle(KEYS).slice(0, this.#prng.bool(0.7) ? 1 : 3);
    const huge = this.#prng.bool(0.02);
    const ops = (huge ? KEYS : keys).map((key): Op => {
      if (!huge && this.#prng.bool(0.25)) return { kind: 'delete', key };
      const value = `${++this.#serial} `.padEnd(huge || this.#prng.bool(0.1) ? 300_000 : 1, 'x');
      return { kind: 'put', key, value };
    });
    const all: Op = { kind: 'delete', key: 'a', end: 'c' };
    this.#append({ ops: this.#prng.bool(0.03) ? [all] : ops });
  }

  #compact(): void {
    this.#append({ compactTo: Math.max(1, this.#model.revision - this.#prng.below(80)) });
  }

  #append(entry: Entry): void {
    this.#log.push(entry);
    if ('compactTo' in entry) {
      if (entry.compactTo > this.#model.compacted) {
        this.#model.apply({ kind: 'compact', revision: entry.compactTo });
      }
      return;
    }
    this.#model.apply({ kind: 'txn', compares: [], success: entry.ops, failure: [] });
  }

  #applyNext(): void {
    const entry = this.#log[this.#applied];
    if (entry === undefined) return;
    this.#applied++;
    const forgotten = this.#faults.forgetsEntries === true && this.#applied % 3 === 0;
    applyTo(this.#store, entry, forgotten ? undefined : this.#hub);
  }

  #create(): void {
    const client =
      this.#clients.length === 0 || this.#prng.bool(0.2)
        ? this.#open()
        : this.#prng.pick(this.#clients);
    const offset = this.#prng.below(30) - 20;
    const key = this.#prng.pick(KEYS);
    const end = this.#prng.pick([undefined, undefined, '\0', 'b', 'c', 'z']);
    this.#ask(client, {
      key,
      end: end !== undefined && end !== '\0' && end <= key ? undefined : end,
      start: this.#prng.bool(0.4) ? 0 : Math.max(0, this.#store.revision + offset),
      noPut: this.#prng.bool(0.15),
      noDelete: this.#prng.bool(0.15),
      prevKv: this.#prng.bool(),
      fragment: this.#prng.bool(0.3),
    });
  }

  #ask(client: Client, asked: WatchAsked): void {
    const filters = [...(asked.noPut === true ? [0] : []), ...(asked.noDelete === true ? [1] : [])];
    client.recorder.asked(`${client.id}/${client.ids++}`, asked);
    client.request({
      create_request: {
        key: bytesOf(asked.key),
        range_end: bytesOf(asked.end ?? ''),
        start_revision: asked.start,
        prev_kv: asked.prevKv === true,
        fragment: asked.fragment === true,
        progress_notify: this.#prng.bool(0.3),
        filters,
      },
    });
  }

  #open(): Client {
    const id = `client ${this.#serial++}`;
    const client = new Client(id, this.#prng.bool(0.6), this.#faults.messages);
    client.stream = this.#hub.open(client.id, client);
    this.#clients.push(client);
    return client;
  }

  #cancel(): void {
    this.#withClient((client) => {
      const watch_id = this.#prng.below(client.ids + 1);
      client.recorder.cancels(String(watch_id));
      client.request({ cancel_request: { watch_id } });
    });
  }

  #tick(): void {
    this.#nowMs += 700_000;
    this.#hub.tick(this.#nowMs);
  }

  #read(client: Client, count: number): void {
    const read = Math.min(count, client.unread);
    client.unread -= read;
    client.stream?.drained(read);
  }

  /** The member gets the leader's state instead of the entries it lacks. */
  #snapshot(): void {
    if (this.#applied === this.#log.length) return;
    this.#store = this.#storeAt(this.#log.length, this.#store);
    this.#applied = this.#flushed = this.#log.length;
    if (this.#faults.forgetsSnapshots === true) this.#rebuildHub();
    else this.#hub.restored(this.#store.revision);
  }

  /** The socket breaks; the client dials again and goes on after the last event it has seen. */
  #dropSocket(): void {
    this.#withClient((client) => {
      client.stream?.close();
      this.#clients.splice(this.#clients.indexOf(client), 1);
      this.#watches.push(...client.recorder.watches);
      const next = this.#open();
      for (const watch of client.recorder.watches) {
        if (watch.answers.some((answer) => answer.canceled)) continue;
        const last = seenOf(watch).at(-1)?.revision ?? 0;
        this.#ask(next, { ...watch.asked, start: last === 0 ? watch.asked.start : last + 1 });
      }
    });
  }

  /** The object sleeps, or is built anew: memory is gone, sockets and what was stored are not. */
  #loseMemory(): void {
    const mustFlush = !this.#saveEverySend && this.#faults.sleepsUnflushed !== true;
    if (mustFlush || this.#prng.bool()) this.#flushed = this.#applied;
    this.#store = this.#storeAt(this.#flushed);
    this.#rebuildHub();
    const applied = this.#applied;
    this.#applied = this.#flushed;
    while (this.#applied < applied) {
      this.#applyNext();
      if (this.#prng.bool(0.2)) this.#hub.work();
      if (this.#prng.bool(0.2))
        this.#withClient((client) => client.request({ progress_request: {} }));
      if (this.#prng.bool(0.1)) this.#create();
    }
  }

  #rebuildHub(): void {
    this.#hub = this.#newHub();
    for (const client of this.#clients) {
      client.stream = this.#hub.restore(client.id, client.saved, client);
    }
  }

  #newHub(): WatchHub {
    // The store is replaced by snapshots and sleeps; the port stays.
    const store = (): NaiveStore => this.#store;
    const reads = (): Pick<HubPorts['history'], 'changes' | 'getAt'> =>
      this.#faults.history?.(this.#store) ?? this.#store;
    const history: HubPorts['history'] = {
      get revision() {
        return store().revision;
      },
      get compactRevision() {
        return store().compactRevision;
      },
      changes: (from, bytesMax) => reads().changes(from, bytesMax),
      getAt: (key, revision) => reads().getAt(key, revision),
    };
    return new WatchHub({
      history,
      identity: () => ({ cluster_id: 1, member_id: 2, raft_term: 3 }),
      random: (bound) => this.#prng.below(bound),
      saveEverySend: this.#saveEverySend,
    });
  }

  /** A store that has applied the first `entries` entries; `onto` is one that has applied fewer. */
  #storeAt(entries: number, onto?: NaiveStore): NaiveStore {
    const store = onto ?? new NaiveStore();
    for (let at = onto === undefined ? 0 : this.#applied; at < entries; at++) {
      applyTo(store, this.#log[at] as Entry, undefined);
    }
    return store;
  }

  #save(): void {
    for (const stream of this.#hub.takeUnsaved()) {
      const client = this.#clients.find(({ id }) => id === stream.id);
      if (client === undefined) continue;
      if (this.#faults.savesOnce === true && client.saved.attachment.length > 0) continue;
      client.saved = stream.save();
    }
  }

  #withClient(run: (client: Client) => void): void {
    if (this.#clients.length > 0) run(this.#prng.pick(this.#clients));
  }

  /** Applies all, reads all, writes one last key that every open watch must have seen past. */
  #heal(): void {
    this.#append({ ops: KEYS.map((key) => ({ kind: 'put', key, value: 'last' })) });
    while (this.#applied < this.#log.length) this.#applyNext();
    for (
      let turn = 0;
      this.#hub.hasWork || this.#clients.some(({ unread }) => unread > 0);
      turn++
    ) {
      assert.ok(turn < 100_000, 'the hub does not come to rest');
      this.#hub.work();
      for (const client of this.#clients) this.#read(client, client.unread);
    }
    assert.equal(this.#hub.gauges.slowWatchers, 0);
    for (const client of this.#clients) {
      client.request({ progress_request: {} });
      client.recorder.complete(this.#model.revision);
      this.#watches.push(...client.recorder.watches);
      client.stream?.close();
    }
    const idle = {
      watchers: 0,
      ranges: 0,
      keyBytes: 0,
      slowWatchers: 0,
      waitingWatchers: 0,
      pendingEvents: 0,
      pendingBytes: 0,
    };
    const { eventsTotal } = this.#hub.gauges;
    assert.deepEqual(this.#hub.gauges, { streams: 0, ...idle, eventsTotal });
  }
}

const values = new Map<string, Uint8Array>();

/** Large values are applied many times over: once for each store that is built. */
function valueOf(text: string): Uint8Array {
  let value = values.get(text);
  if (value === undefined) values.set(text, (value = bytesOf(text)));
  return value;
}

function applyTo(store: NaiveStore, entry: Entry, hub: WatchHub | undefined): void {
  if ('compactTo' in entry) {
    if (entry.compactTo > store.compactRevision) store.compact(entry.compactTo);
    return;
  }
  const txn = store.begin();
  for (const op of entry.ops) {
    if (op.kind === 'put') txn.put(op.key, valueOf(op.value), 0n);
    else if (op.kind === 'delete') txn.deleteRange({ start: op.key, end: op.end ?? `${op.key}\0` });
  }
  const changes = txn.commit();
  if (changes.length > 0) hub?.notify(changes, store.revision);
}
