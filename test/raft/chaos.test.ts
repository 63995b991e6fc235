/**
 * Goal: the safety properties hold under lost, repeated and reordered messages, partitions, crashes that
 * lose unconfirmed writes, resumed leaders, stale twins, changes of membership, snapshots and rest;
 * and once all that ends the cluster goes on. Method: see support/chaos.ts. CHAOS_SEED=n replays one
 * seed, CHAOS_SEEDS=n runs more of them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '../../src/lib/prng.ts';
import { ConfChangeType, type NodeId } from '../../src/raft/types.ts';
import { ChaosCluster, type Instance } from './support/chaos.ts';
import { id as idOf } from './support/memory-log.ts';
import { Referee } from './support/referee.ts';

const STEPS = 6_000;
const SEEDS = Number(process.env['CHAOS_SEEDS'] ?? 40);
const MEMBERS_MAX = 6;

interface Totals {
  elections: number;
  committed: number;
  reads: number;
  crashes: number;
  twins: number;
  confChanges: number;
}

type Action = (cluster: ChaosCluster, random: Prng, totals: Totals) => void;

/** What may happen in a step, with its weight; faults are scaled for each run. */
const WORK: readonly (readonly [number, Action])[] = [
  [1000, deliverOne],
  [350, tickOne],
  [300, flushOne],
  [60, (cluster, random) => withAny(cluster, random, (each) => cluster.propose(each))],
  [40, (cluster, random) => withAny(cluster, random, (each) => cluster.read(each))],
  [20, (cluster, random) => withAny(cluster, random, (each) => cluster.checkpoint(each))],
  [2, (cluster, random) => withAny(cluster, random, (each) => each.node.wake())],
  [40, restartOne],
  [8, changeMembers],
  [3, transferOne],
  [4, (cluster) => cluster.sides.clear()],
];
const FAULTS: readonly (readonly [number, Action])[] = [
  [1, (cluster, random) => withAny(cluster, random, (each) => each.node.campaign())],
  [1, crashOne],
  [2, replaceOne],
  [2, endStale],
  [1, partition],
  [1, isolateLeader],
];

/** Swarm testing: each run leans towards other troubles, some towards none. */
function actionsOf(random: Prng): [number, Action][] {
  const faults = FAULTS.map(([weight, action]): [number, Action] => [
    weight * random.pick([0, 1, 1, 3, 10]),
    action,
  ]);
  return [...WORK.map(([weight, action]): [number, Action] => [weight, action]), ...faults];
}

function withAny(cluster: ChaosCluster, random: Prng, act: (instance: Instance) => void): void {
  const { instances } = cluster;
  if (instances.length > 0) act(random.pick(instances));
}

function deliverOne(cluster: ChaosCluster, random: Prng): void {
  const { network } = cluster;
  if (network.length === 0) return;
  // Mostly in order, as streams deliver; sometimes not.
  const at = random.bool(0.8) ? 0 : random.below(network.length);
  const message = network[at];
  if (message === undefined) return;
  if (!random.bool(0.05)) network.splice(at, 1);
  if (random.bool(0.08)) cluster.lose(message);
  else cluster.deliver(message);
}

function tickOne(cluster: ChaosCluster, random: Prng): void {
  withAny(cluster, random, (each) => each.node.tick());
}

function flushOne(cluster: ChaosCluster, random: Prng): void {
  for (const each of cluster.instances) if (random.bool(0.6)) cluster.flush(each, random.below(4));
}

function crashOne(cluster: ChaosCluster, random: Prng, totals: Totals): void {
  if (cluster.owners.size === 0) return;
  totals.crashes++;
  cluster.crash(random.pick([...cluster.owners.keys()]));
}

function restartOne(cluster: ChaosCluster, random: Prng): void {
  const down = [...cluster.disks.keys()].filter((each) => !cluster.owners.has(each));
  if (down.length > 0) cluster.start(random.pick(down));
}

function replaceOne(cluster: ChaosCluster, random: Prng, totals: Totals): void {
  const { leader } = cluster;
  // Stale leaders are the dangerous ones.
  if (leader !== undefined && random.bool(0.6)) cluster.replace(leader.id);
  else if (cluster.owners.size > 0) cluster.replace(random.pick([...cluster.owners.keys()]));
  totals.twins++;
}

function endStale(cluster: ChaosCluster, random: Prng): void {
  if (cluster.stale.length === 0) return;
  const gone = random.pick(cluster.stale);
  cluster.stale = cluster.stale.filter((each) => each !== gone);
}

function changeMembers(cluster: ChaosCluster, random: Prng, totals: Totals): void {
  const { leader } = cluster;
  if (leader === undefined) return;
  const types = [ConfChangeType.addVoter, ConfChangeType.addLearner, ConfChangeType.remove];
  const nodes = random.shuffle(Array.from({ length: MEMBERS_MAX }, (_, at) => idOf(at + 1)));
  const leave = leader.confState.votersOutgoing.length > 0 && random.bool(0.7);
  const steps = leave
    ? []
    : nodes.slice(0, 1 + random.below(3)).map((node) => ({ type: random.pick(types), node }));
  const transition = random.bool(0.3) ? 'explicit' : 'auto';
  const context = new Uint8Array(0);
  const result = leader.node.proposeConfChange({ steps, transition, context });
  if (result === 'ok') totals.confChanges++;
  for (const { node, type } of steps) {
    if (type !== ConfChangeType.remove && !cluster.disks.has(node)) cluster.start(node);
  }
}

function transferOne(cluster: ChaosCluster, random: Prng): void {
  withAny(cluster, random, (each) => {
    each.node.transferLeader(idOf(1 + random.below(MEMBERS_MAX)));
  });
}

function partition(cluster: ChaosCluster, random: Prng): void {
  for (const each of cluster.disks.keys()) cluster.sides.set(each, random.below(2));
}

/** The one who leads hears nobody for a while and may not know that it is over. */
function isolateLeader(cluster: ChaosCluster): void {
  const { leader } = cluster;
  for (const each of cluster.disks.keys()) cluster.sides.set(each, each === leader?.id ? 1 : 0);
}

function step(
  cluster: ChaosCluster,
  random: Prng,
  totals: Totals,
  actions: readonly [number, Action][],
): void {
  let at = random.below(actions.reduce((sum, [weight]) => sum + weight, 0));
  for (const [weight, action] of actions) {
    at -= weight;
    if (at < 0) {
      action(cluster, random, totals);
      break;
    }
  }
  // Several inputs may share a Ready.
  for (const instance of cluster.instances) if (random.bool(0.5)) cluster.process(instance);
}

/** The misfortune ends: everyone runs, everything arrives. */
function calm(cluster: ChaosCluster): void {
  cluster.stale = [];
  cluster.sides.clear();
  for (const each of cluster.disks.keys()) if (!cluster.owners.has(each)) cluster.start(each);
}

function calmRound(cluster: ChaosCluster): void {
  for (const instance of cluster.owners.values()) instance.node.tick();
  for (let turn = 0; turn < 8; turn++) {
    for (const instance of cluster.owners.values()) {
      while (cluster.process(instance));
      cluster.flush(instance, Infinity);
    }
    const messages = cluster.network;
    cluster.network = [];
    for (const message of messages) cluster.deliver(message);
  }
}

/** Liveness: a leader, a new commit, and every member of the configuration has all of it. */
function converge(cluster: ChaosCluster, referee: Referee): void {
  calm(cluster);
  const before = referee.top;
  for (let round = 0; round < 400; round++) {
    if (round % 20 === 0) for (const each of cluster.owners.values()) cluster.propose(each);
    calmRound(cluster);
    if (referee.top > before && hasConverged(cluster, referee.top)) return;
  }
  const states = [...cluster.owners.values()].map(({ node }) => node.status());
  assert.fail(`no progress from ${before}: ${JSON.stringify(states, undefined, 1)}`);
}

function hasConverged(cluster: ChaosCluster, top: number): boolean {
  const { leader, confState } = cluster;
  if (leader === undefined) return false;
  const members: NodeId[] = [...confState.voters, ...confState.learners];
  return members.every((each) => cluster.owners.get(each)?.node.status().applied === top);
}

function optionsOf(random: Prng) {
  const count = random.pick([1, 2, 3, 3, 3, 4, 5]);
  return {
    voters: Array.from({ length: count }, (_, at) => idOf(at + 1)),
    restAfterTicks: random.pick([0, 2, 5]),
    preVote: random.bool(0.7),
    checkQuorum: random.bool(0.7),
    messageBytesMax: random.pick([30, 100, 1 << 20]),
    inflightMessagesMax: random.pick([1, 3, 64]),
  };
}

function run(seed: number, totals: Totals): void {
  const random = new Prng(seed);
  const referee = new Referee();
  const cluster = new ChaosCluster(random, referee, optionsOf(random));
  const actions = actionsOf(random);
  for (let at = 0; at < STEPS; at++) step(cluster, random, totals, actions);
  converge(cluster, referee);
  totals.elections += referee.elections;
  totals.committed += referee.committed.size;
  totals.reads += referee.readsAnswered;
}

test('safety under chaos, progress after it', (context) => {
  const totals = { elections: 0, committed: 0, reads: 0, crashes: 0, twins: 0, confChanges: 0 };
  const only = process.env['CHAOS_SEED'];
  const seeds =
    only === undefined ? Array.from({ length: SEEDS }, (_, at) => at + 1) : [Number(only)];
  for (const seed of seeds) {
    try {
      run(seed, totals);
    } catch (error) {
      throw new Error(`seed ${seed} (replay with CHAOS_SEED=${seed})`, { cause: error });
    }
  }
  context.diagnostic(JSON.stringify(totals));
  // A run in which nothing happened proves nothing.
  if (only === undefined) {
    assert.ok(totals.elections > SEEDS && totals.committed > 20 * SEEDS && totals.reads > SEEDS);
    assert.ok(totals.twins > SEEDS && totals.crashes > SEEDS && totals.confChanges > SEEDS);
  }
});
