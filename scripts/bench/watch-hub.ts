/**
 * `npm run bench -- watch-hub`: the watch hub alone, in this process, without sockets and without a
 * store. What it reaches is the ceiling of every watch that goes through it; the bars say that the hub
 * costs a tenth or less of what the platform charges for a message (160 µs), and that idle watchers fit.
 * Rates are per second of this thread's processor time: what else the machine does matters less then.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { WatchRequest, type WatchCreateRequestInput } from '../../src/api/messages.ts';
import { bytesOf } from '../../src/lib/bytes.ts';
import type { Change, KeyValue } from '../../src/mvcc/types.ts';
import { WatchHub } from '../../src/watch/hub.ts';
import type { WatchMessage } from '../../src/watch/message.ts';
import type { WatchStream } from '../../src/watch/stream.ts';
import type { History, WatchReceiver } from '../../src/watch/types.ts';
import { inTurn, printBars, readRounds, type Contestant } from './lib.ts';

export const summary = 'the watch hub alone: fan-out, matching, catch-up, bytes per idle watcher';

const FAN_OUT = 5_000;
const KEYS = 10_000;
const IDLE = 100_000;
const CATCH_UP_WATCHERS = 100;
const CATCH_UP_REVISIONS = 10_000;
const VALUE = new Uint8Array(100);

/** All history, one change a revision. */
class Timeline implements History {
  readonly changesMade: Change[] = [];
  readonly compactRevision = -1;

  get revision(): number {
    return this.changesMade.length + 1;
  }

  put(key: string): Change {
    const modRevision = this.revision + 1;
    const kv: KeyValue = {
      key,
      createRevision: modRevision,
      modRevision,
      version: 1,
      lease: 0n,
      value: VALUE,
    };
    const change: Change = { type: 'put', kv, sub: 0 };
    this.changesMade.push(change);
    return change;
  }

  changes(from: number, bytesMax: number): { changes: readonly Change[]; next: number } {
    const next = Math.min(this.revision + 1, from + Math.ceil(bytesMax / 150));
    return { changes: this.changesMade.slice(from - 2, next - 2), next };
  }

  getAt(): undefined {
    return undefined;
  }
}

/** Takes every message in its encoded form, as a socket would, and counts events. */
class Counter implements WatchReceiver {
  events = 0;
  bytes = 0;

  send(message: WatchMessage): 'sent' {
    this.events += message.eventCount;
    this.bytes += message.bytes().length;
    return 'sent';
  }

  end(): void {
    throw new Error('the hub ended a stream that reads everything');
  }

  mayRead(): undefined {
    return undefined;
  }
}

class Setting {
  readonly timeline = new Timeline();
  readonly counter = new Counter();
  readonly hub = new WatchHub({
    history: this.timeline,
    identity: () => ({ cluster_id: 1, member_id: 2, raft_term: 3 }),
    random: () => 0,
  });

  open(id: number): WatchStream {
    return this.hub.open(String(id), this.counter);
  }

  /** One applied entry with one put. */
  put(key: string): void {
    const change = this.timeline.put(key);
    this.hub.notify([change], change.kv.modRevision);
  }

  /** Puts to `keys` in turn for about `forMs`; returns events delivered a second. */
  eventsPerSecond(keys: readonly string[], forMs: number): number {
    // A turn of the host saves what was opened.
    for (const stream of this.hub.takeUnsaved()) stream.save();
    const before = this.counter.events;
    const startMs = threadMs();
    for (let index = 0; index % 64 !== 0 || threadMs() - startMs < forMs; index++) {
      this.put(keys[index % keys.length] ?? '');
    }
    return ((this.counter.events - before) * 1000) / (threadMs() - startMs);
  }
}

function watch(stream: WatchStream, key: string, request: WatchCreateRequestInput = {}): void {
  const create_request = { ...request, key: bytesOf(key) };
  stream.request(WatchRequest.decode(WatchRequest.encode({ create_request }).finish()));
}

const keyName = (index: number): string => `some/service/key/${String(index).padStart(10, '0')}`;

/** All key names, neighbours far apart. */
function scattered(count: number): string[] {
  return Array.from({ length: count }, (_, index) => keyName((index * 7919) % count));
}

function fanOut(oneStream: boolean): Contestant {
  return {
    name: oneStream ? 'one stream' : 'many streams',
    run: async () => {
      const setting = new Setting();
      const single = oneStream ? setting.open(-1) : undefined;
      for (let index = 0; index < FAN_OUT; index++)
        watch(single ?? setting.open(index), keyName(0));
      return setting.eventsPerSecond([keyName(0)], 500);
    },
  };
}

const distinctKeys: Contestant = {
  name: 'distinct keys',
  run: async () => {
    const setting = new Setting();
    for (let index = 0; index < KEYS; index++) watch(setting.open(index), keyName(index));
    return setting.eventsPerSecond(scattered(KEYS), 500);
  },
};

const ranges: Contestant = {
  name: 'ranges',
  run: async () => {
    const setting = new Setting();
    for (let index = 0; index < IDLE; index++) {
      const range_end = bytesOf(`${keyName(index)}z`);
      watch(setting.open(index), keyName(index), { range_end });
    }
    return setting.eventsPerSecond(
      scattered(IDLE).map((key) => `${key}/x`),
      500,
    );
  },
};

const catchUp: Contestant = {
  name: 'catch-up',
  run: async () => {
    const setting = new Setting();
    for (let index = 0; index < CATCH_UP_REVISIONS; index++) setting.put(keyName(index % 10));
    const range_end = bytesOf('t');
    for (let index = 0; index < CATCH_UP_WATCHERS; index++) {
      watch(setting.open(index), 's', { range_end, start_revision: 1 + index });
    }
    const startMs = threadMs();
    while (setting.hub.hasWork) setting.hub.work();
    return (setting.counter.events * 1000) / (threadMs() - startMs);
  },
};

/** Heap bytes of one idle watcher on a key of its own, its stream included if it has one of its own. */
function idleBytes(ownStreams: boolean): Contestant {
  return {
    name: ownStreams ? 'idle, own stream' : 'idle, one stream',
    run: async () => {
      const setting = new Setting();
      const count = ownStreams ? IDLE / 4 : IDLE;
      const single = ownStreams ? undefined : setting.open(-1);
      const before = heapBytes();
      for (let index = 0; index < count; index++)
        watch(single ?? setting.open(index), keyName(index));
      for (const stream of setting.hub.takeUnsaved()) stream.save();
      const bytes = (heapBytes() - before) / count;
      if (setting.hub.gauges.watchers !== count) throw new Error('not all watchers were created');
      return bytes;
    },
  };
}

/** Processor time of this thread. */
function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

export async function run(args: string[]): Promise<number> {
  const rounds = readRounds(args);
  const [many, one, keys, inRanges, history, idleOne, idleOwn] = (await inTurn(rounds, [
    fanOut(false),
    fanOut(true),
    distinctKeys,
    ranges,
    catchUp,
    idleBytes(false),
    idleBytes(true),
  ])) as [number, number, number, number, number, number, number];
  const unit = 'events/s';
  printBars('watch-hub', [
    { what: `1 key, ${FAN_OUT} streams`, figure: many, unit, goal: { atLeast: 1_000_000 } },
    {
      what: `1 key, ${FAN_OUT} watchers of one stream`,
      figure: one,
      unit,
      goal: { atLeast: 60_000 },
    },
    { what: `${KEYS} keys, a stream each`, figure: keys, unit, goal: { atLeast: 60_000 } },
    { what: `${IDLE} ranges, a stream each`, figure: inRanges, unit, goal: { atLeast: 60_000 } },
    {
      what: `${CATCH_UP_WATCHERS} watchers catch up ${CATCH_UP_REVISIONS} revisions`,
      figure: history,
      unit,
      goal: { atLeast: 1_000_000 },
    },
    {
      what: 'idle watcher, one stream for all',
      figure: idleOne,
      unit: 'bytes',
      goal: { atMost: 1024 },
    },
    {
      what: 'idle watcher with its stream',
      figure: idleOwn,
      unit: 'bytes',
      goal: { atMost: 1024 },
    },
  ]);
  return 0;
}
