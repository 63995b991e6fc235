/** What clients in every region see, one contestant at a time. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  MoveLeaderRequest,
  PutRequest,
  RangeRequest,
  StatusRequest,
  StatusResponse,
  WatchRequest,
  WatchResponse,
} from '../../../src/api/messages.ts';
import { Long } from '../../../src/api/messages.ts';
import type { Region } from '../../../src/member/cluster-config.ts';
import type { Contestant } from './contestants.ts';
import { type Layout, nearest } from './layout.ts';
import type { Rpc } from './rpc.ts';

export interface Spread {
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

export interface RegionFigures {
  readonly region: Region;
  readonly write: Spread;
  readonly linearizableRead: Spread;
  readonly serializableRead: Spread;
  /** Of MAX_STALENESS; undefined where there is no such read. */
  readonly boundedRead: Spread | undefined;
  readonly event: Spread;
}

export interface Figures {
  readonly contestant: string;
  /** Region of the leader while the regions were measured. */
  readonly leader: Region;
  readonly memberRegions: readonly Region[];
  readonly regions: readonly RegionFigures[];
  /** Longest wait of a writer while leadership was handed over; undefined with one voter. */
  readonly transferMs: number | undefined;
  /** From the leader's end to the first write acknowledged elsewhere; undefined with one voter. */
  readonly failOverMs: number | undefined;
}

const VALUE = Buffer.alloc(256, 'v');
const EVENTS = 40;
const EVENT_PAUSE_MS = 100;
const EVENT_TIMEOUT_MS = 5_000;
const RETRY_PAUSE_MS = 10;
const GIVE_UP_MS = 60_000;
const MAX_STALENESS = 'max-staleness=5s';
/** A client calls no more often, so that the machine has done with one call before the next. */
const CALL_EVERY_MS = 20;

/** @param lead region that is to lead meanwhile */
export async function measure(
  contestant: Contestant,
  layout: Layout,
  lead: Region,
  forMs: number,
): Promise<Figures> {
  const regions = contestant.members.map(({ region }) => region);
  await moveLeaderTo(contestant, lead);
  const clients = new Map<Region, Rpc>();
  for (const client of layout.clients) {
    clients.set(client, await contestant.connect(client, nearest(client, regions)));
  }
  const spreads: Omit<RegionFigures, 'event'>[] = [];
  // One after the other: what is looked for is what the network costs, not what one machine carries.
  for (const [region, rpc] of clients) {
    const key = `write/${region}`;
    spreads.push({
      region,
      write: await repeat(forMs, () => put(rpc, key)),
      linearizableRead: await repeat(forMs, () => get(rpc, key, false)),
      serializableRead: await repeat(forMs, () => get(rpc, key, true)),
      boundedRead: rpc.hasLevels
        ? await repeat(forMs, () => get(rpc, key, false, MAX_STALENESS))
        : undefined,
    });
  }
  const events = await eventsEverywhere(contestant, lead, clients);
  const figures = spreads.map((spread) => ({
    ...spread,
    event: spreadOf(events.get(spread.region) ?? []),
  }));
  const leader = await leaderOf(contestant);
  const transferMs = await transfer(contestant, leader);
  const failOverMs = await failOver(contestant, layout);
  for (const rpc of clients.values()) rpc.close();
  return {
    contestant: contestant.name,
    leader: contestant.members[leader]?.region ?? lead,
    memberRegions: regions,
    regions: figures,
    transferMs,
    failOverMs,
  };
}

async function repeat(forMs: number, call: () => Promise<unknown>): Promise<Spread> {
  const times: number[] = [];
  // The first finds connections and caches cold.
  await call();
  const endMs = performance.now() + forMs;
  while (performance.now() < endMs) {
    const beganMs = performance.now();
    await call();
    const tookMs = performance.now() - beganMs;
    times.push(tookMs);
    await sleep(Math.max(0, CALL_EVERY_MS - tookMs));
  }
  return spreadOf(times);
}

function spreadOf(times: readonly number[]): Spread {
  const ascending = [...times].sort((a, b) => a - b);
  const at = (share: number): number =>
    ascending[Math.min(ascending.length - 1, Math.floor(share * ascending.length))] ?? NaN;
  return { p50: at(0.5), p99: at(0.99) };
}

export function put(rpc: Rpc, key: string): Promise<Uint8Array> {
  return rpc.unary(
    'etcdserverpb.KV/Put',
    PutRequest.encode({ key: Buffer.from(key), value: VALUE }).finish(),
  );
}

function get(rpc: Rpc, key: string, serializable: boolean, level?: string): Promise<Uint8Array> {
  const body = RangeRequest.encode({ key: Buffer.from(key), serializable }).finish();
  const metadata = level === undefined ? [] : [['edgetcd-consistency', level] as const];
  return rpc.unary('etcdserverpb.KV/Range', body, { metadata });
}

/**
 * Milliseconds from the moment a writer beside the leader has its answer, which is when the write was
 * committed and a trip within the region, to the event at each client.
 */
async function eventsEverywhere(
  contestant: Contestant,
  lead: Region,
  clients: ReadonlyMap<Region, Rpc>,
): Promise<ReadonlyMap<Region, readonly number[]>> {
  const leader = await leaderOf(contestant);
  const writer = await contestant.connect(lead, leader);
  const arrivals = new Map<Region, number[]>();
  const request = WatchRequest.encode({ create_request: { key: Buffer.from('event') } }).finish();
  const leaving: (() => void)[] = [];
  for (const [region, rpc] of clients) {
    const times: number[] = [];
    arrivals.set(region, times);
    await new Promise<void>((created) => {
      leaving.push(
        rpc.stream('etcdserverpb.Watch/Watch', request, (body) => {
          const response = WatchResponse.decode(body);
          if (response.created) created();
          for (let count = 0; count < response.events.length; count++)
            times.push(performance.now());
        }),
      );
    });
  }
  const answered: number[] = [];
  for (let count = 0; count < EVENTS; count++) {
    await put(writer, 'event');
    answered.push(performance.now());
    await sleep(EVENT_PAUSE_MS);
  }
  const deadlineMs = performance.now() + EVENT_TIMEOUT_MS;
  while ([...arrivals.values()].some((times) => times.length < EVENTS)) {
    if (performance.now() > deadlineMs)
      throw new Error('wait for events everywhere: some did not come');
    await sleep(RETRY_PAUSE_MS);
  }
  for (const leave of leaving) leave();
  writer.close();
  return new Map(
    [...arrivals].map(([region, times]) => [
      region,
      times.map((at, index) => at - (answered[index] ?? NaN)),
    ]),
  );
}

/** The leader's place, as any member knows it; while leadership is handed over, none may. */
export async function leaderOf(contestant: Contestant): Promise<number> {
  const deadlineMs = performance.now() + GIVE_UP_MS;
  while (performance.now() < deadlineMs) {
    const leader = await knownLeader(contestant);
    if (leader !== undefined) return leader;
    await sleep(RETRY_PAUSE_MS);
  }
  throw new Error(`look for the leader: for ${GIVE_UP_MS} ms no member knew one`);
}

async function knownLeader({ members, connect }: Contestant): Promise<number | undefined> {
  for (const [at, member] of members.entries()) {
    const rpc = await connect(member.region, at);
    const status = StatusResponse.decode(
      await rpc.unary('etcdserverpb.Maintenance/Status', StatusRequest.encode({}).finish()),
    );
    rpc.close();
    const known = status.leader.toUnsigned();
    const leader = members.findIndex(({ id }) => known.equals(Long.fromString(id, true, 16)));
    if (leader >= 0) return leader;
  }
  return undefined;
}

export async function moveLeaderTo(contestant: Contestant, region: Region): Promise<void> {
  const target = contestant.members.findIndex(
    (member) => member.region === region && !member.learner,
  );
  for (let attempt = 0; attempt < 20; attempt++) {
    const leader = await leaderOf(contestant);
    if (leader === target) return;
    await moveLeader(contestant, leader, target).catch(() => sleep(1_000));
  }
  throw new Error(`move the leader of ${contestant.name} to ${region}: it does not go there`);
}

async function moveLeader(contestant: Contestant, from: number, to: number): Promise<void> {
  const [leader, target] = [contestant.members[from], contestant.members[to]];
  if (leader === undefined || target === undefined) return;
  const rpc = await contestant.connect(leader.region, from);
  const targetID = Long.fromString(target.id, true, 16);
  await rpc
    .unary('etcdserverpb.Maintenance/MoveLeader', MoveLeaderRequest.encode({ targetID }).finish())
    .finally(() => rpc.close());
}

/** Longest a writer beside the next leader waits while leadership goes there. */
async function transfer(contestant: Contestant, leader: number): Promise<number | undefined> {
  const next = contestant.members.findIndex(({ learner }, at) => !learner && at !== leader);
  const target = contestant.members[next];
  if (target === undefined) return undefined;
  const rpc = await contestant.connect(target.region, next);
  let longestMs = 0;
  const over = new AbortController();
  const writing = (async () => {
    while (!over.signal.aborted) {
      const beganMs = performance.now();
      await untilDone(() => put(rpc, 'transfer'));
      longestMs = Math.max(longestMs, performance.now() - beganMs);
    }
  })();
  await sleep(1_000);
  longestMs = 0;
  await moveLeader(contestant, leader, next);
  await sleep(2_000);
  over.abort();
  await writing;
  rpc.close();
  return longestMs;
}

/** From the leader's end to the first write that a client elsewhere has answered. */
async function failOver(contestant: Contestant, layout: Layout): Promise<number | undefined> {
  const leader = await leaderOf(contestant);
  const survivor = contestant.members.findIndex(({ learner }, at) => !learner && at !== leader);
  const member = contestant.members[survivor];
  if (member === undefined || layout.voters.length < 3) return undefined;
  const rpc = await contestant.connect(member.region, survivor);
  await put(rpc, 'fail-over');
  await contestant.kill(leader);
  const killedMs = performance.now();
  // Each attempt on its own: one that was passed on to the dead leader waits for its own deadline.
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      put(rpc, 'fail-over').then(
        () => {
          clearInterval(timer);
          resolve();
        },
        () => undefined,
      );
    }, 5 * RETRY_PAUSE_MS);
  });
  const tookMs = performance.now() - killedMs;
  rpc.close();
  return tookMs;
}

export async function untilDone(call: () => Promise<unknown>): Promise<void> {
  const deadlineMs = performance.now() + GIVE_UP_MS;
  for (;;) {
    try {
      await call();
      return;
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
      await sleep(RETRY_PAUSE_MS);
    }
  }
}
