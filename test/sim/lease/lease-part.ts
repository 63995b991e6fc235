/**
 * The lease side of a run: its clients, the sleep that the platform puts resting members to, and what is
 * done once the cluster is healed, when every lease that nobody renews has to end.
 *
 * Its keys lie before those of the clients of the KV service, which never see them.
 */
import { Prng } from '../../../src/lib/prng.ts';
import { PROPOSAL_TIMEOUT_MS } from '../../../src/constants.ts';
import type { NodeId } from '../../../src/raft/types.ts';
import { checkBoundedLife, lifeBoundMs } from '../checkers/lease-bounded-life.ts';
import { checkCandidateKeys } from '../checkers/lease-candidate-keys.ts';
import { checkCheckpoints } from '../checkers/lease-checkpoints.ts';
import { checkLeaseAnswers } from '../checkers/lease-answers.ts';
import { checkLeasedKeys } from '../checkers/lease-keys.ts';
import { checkLockHolders } from '../checkers/lease-lock-holder.ts';
import { checkNeverEarly } from '../checkers/lease-never-early.ts';
import { checkMembersAgree } from '../checkers/lease-members-agree.ts';
import type { SimulatedCluster } from '../cluster.ts';
import type { ObjectHost } from '../host.ts';
import type { PartContext, WorkloadPart } from '../part.ts';
import type { SimulatedMember } from '../simulated-member.ts';
import { Elector } from './elector.ts';
import { Holder } from './holder.ts';
import { type LeaseClient, WAIT_MS } from './lease-client.ts';
import { LeaderTime } from './leader-time.ts';
import { Locker } from './locker.ts';
import { hasNappers, Napper } from './napper.ts';
import { LeaseRecord } from './record.ts';
import { AFTERMATH_MS, Straggler } from './straggler.ts';

/** Share of the runs that have leases. */
const SHARE = 0.5;
/** How often the platform looks for members to put to sleep, and its chance to do so then. */
const SLEEP_EVERY_MS = 400;
const SLEEP_CHANCE = 0.4;
/** Leases that are granted longer are not waited for at the end. */
const WAITED_TTL_SECONDS_MAX = 5;
/** Mean time between two pauses of a leader, and the longest of them. */
const PAUSE_EVERY_MS = 3_000;
const PAUSE_MS_MAX = 4_000;
/** Share of the runs with pauses in which the leader is cut off as well, for long enough to be replaced. */
const CUT_OFF_SHARE = 0.6;
const CUT_OFF_PAUSE_MS_MIN = 1_500;
/** Who leads is cut off so soon after a napper's renewals, and for so long. */
const NAP_CUT_AFTER_MS = 300;
const NAP_CUT_MS_MIN = 1_500;
const NAP_CUT_MS_MAX = 3_000;
/** Keeps what is drawn for that apart from all else that the seed decides. */
const CUT_OFF_SALT = 0x5_7a1e;
/** Pause between two requests that wake a cluster while its last leases end. */
const POKE_EVERY_MS = 900;

/** What happens while the last leases end. */
type Ending =
  /** Nobody calls: alarms alone wake the members. */
  | 'silence'
  /** Somebody reads now and then: wakes must not give leases more time. */
  | 'pokes'
  /** The leader is gone for good once the cluster rests. */
  | 'leader lost';

interface LeaseOptions {
  readonly holders: number;
  readonly lockers: number;
  readonly electors: number;
  readonly thinkMs: number;
  /** Leaders stand still for a while now and then: what tempts them to go on with leases of others. */
  readonly pauses: boolean;
  /** They are cut off meanwhile, and asked by a client that does not know of another leader. */
  readonly cutOff: boolean;
  readonly naps: boolean;
  readonly ending: Ending;
}

export function leasePart({ cluster, options, prng }: PartContext): WorkloadPart | undefined {
  const naps = hasNappers(options.seed);
  if (!prng.bool(SHARE) && !naps) return undefined;
  const drawn = {
    holders: 1 + prng.below(3),
    lockers: prng.below(5),
    electors: prng.pick([0, 0, 2, 3]),
    thinkMs: prng.pick([40, 150, 400]),
    pauses: prng.bool(0.4),
    ending: prng.pick(['silence', 'pokes', 'pokes', 'leader lost'] as const),
  };
  // Without a leader the others must be a majority.
  const ending = options.voters < 3 && drawn.ending === 'leader lost' ? 'silence' : drawn.ending;
  const apart = new Prng(options.seed ^ CUT_OFF_SALT);
  const cutOff = !naps && drawn.pauses && options.voters >= 3 && apart.bool(CUT_OFF_SHARE);
  return new LeasePart(cluster, { ...drawn, ending, cutOff, naps }, prng, apart);
}

class LeasePart implements WorkloadPart {
  readonly patienceMs = 2 * WAITED_TTL_SECONDS_MAX * 1_000 + PROPOSAL_TIMEOUT_MS + 30_000;
  readonly #cluster: SimulatedCluster;
  readonly #record: LeaseRecord;
  readonly #prng: Prng;
  /** Decides what was not drawn when today's runs were: those without it stay as they are. */
  readonly #apart: Prng;
  readonly #options: LeaseOptions;
  readonly #clients: LeaseClient[] = [];
  #straggler: Straggler | undefined;
  readonly #open = new WeakMap<SimulatedMember, number>();
  #stopped = false;
  /** When all that disturbs had ended. */
  #calmMs: number | undefined;
  #leaderLost = false;
  /** Members may sleep; no more once all is over, since what is in memory is judged. */
  #maySleep = true;

  constructor(cluster: SimulatedCluster, options: LeaseOptions, prng: Prng, apart: Prng) {
    this.#cluster = cluster;
    this.#options = options;
    this.#prng = prng;
    this.#apart = apart;
    const { scheduler, observer } = cluster;
    const [first = ''] = cluster.memberIds();
    const time = new LeaderTime((id) => cluster.host(id)?.machine.forwardMs() ?? 0, first);
    this.#record = new LeaseRecord(() => ({ atMs: scheduler.nowMs, leaderMs: time.nowMs() }));
    observer.onLeader.push((id, term) => {
      time.leads(id, term);
    });
    observer.onApplying.push(({ entry, result, revision }) => {
      if (result !== undefined) this.#record.applying(entry, result, revision);
    });
    observer.onApplied.push(({ entry, result, revision }) => {
      if (result !== undefined) this.#record.applied(entry, result, revision);
    });
  }

  get description(): string {
    const { holders, lockers, electors, naps, pauses, cutOff, ending } = this.#options;
    const paused = cutOff ? ', leaders pause cut off' : pauses ? ', leaders pause' : '';
    return `leases: ${holders} holders, ${lockers} lockers, ${electors} electors${naps ? ', a napper' : ''}${paused}; in the end ${ending}`;
  }

  counts(): Readonly<Record<string, number>> {
    const { calls, decisions } = this.#record;
    const ends = decisions.filter(({ act, error }) => act.kind === 'revoke' && error === '');
    const expiries = ends.filter(({ act }) => act.kind === 'revoke' && act.term > 0);
    const locks = calls.filter(
      ({ ask, answer }) => (ask.kind === 'lock' || ask.kind === 'campaign') && answer !== undefined,
    );
    return {
      'lease calls': calls.length,
      'lease answers': calls.filter(({ answer }) => answer !== undefined).length,
      'leases ended': ends.length,
      'leases expired': expiries.length,
      'locks taken': locks.length,
    };
  }

  start(): void {
    const { holders, lockers, electors, thinkMs } = this.#options;
    const ways = [['service'], ['layout'], ['service', 'layout']] as const;
    const ports = { cluster: this.#cluster, record: this.#record, open: this.#open };
    const add = (
      name: string,
      build: (prng: Prng, pinned: NodeId | undefined) => LeaseClient,
    ): void => {
      const pinned = this.#prng.bool(0.6) ? this.#prng.pick(this.#cluster.memberIds()) : undefined;
      this.#cluster.addClient(name, pinned);
      this.#clients.push(build(new Prng(this.#prng.below(2 ** 32)), pinned));
    };
    for (let at = 0; at < holders; at++) {
      add(`h${at}`, (prng, pinned) => new Holder(ports, `h${at}`, prng, { pinned, thinkMs }));
    }
    for (let at = 0; at < lockers; at++) {
      const chosen = ways[at % ways.length] ?? ways[0];
      add(`l${at}`, (prng, pinned) => new Locker(ports, `l${at}`, prng, { pinned, ways: chosen }));
    }
    for (let at = 0; at < electors; at++) {
      add(`e${at}`, (prng, pinned) => new Elector(ports, `e${at}`, prng, pinned));
    }
    if (this.#options.cutOff) {
      this.#cluster.addClient('straggler', undefined);
      const prng = new Prng(this.#apart.below(2 ** 32));
      this.#straggler = new Straggler(ports, 'straggler', prng, undefined);
      this.#clients.push(this.#straggler);
    }
    if (this.#options.naps) {
      this.#cluster.addClient('napper', undefined);
      const prng = new Prng(this.#apart.below(2 ** 32));
      this.#clients.push(new Napper(ports, 'napper', prng, () => this.#cutLeaderOff()));
    }
    for (const client of this.#clients) client.start();
    this.#putToSleep();
    if (this.#options.pauses && !this.#options.naps) this.#pauseLeaders();
  }

  stop(): void {
    this.#stopped = true;
    for (const client of this.#clients) client.stop();
  }

  foreignRevisions(): ReadonlySet<number> {
    const written = this.#record.decisions.filter(({ changes }) =>
      changes.some(({ key }) => key.startsWith('held/')),
    );
    return new Set(written.map(({ revision }) => revision));
  }

  unsettled(): string | undefined {
    const { nowMs } = this.#cluster.scheduler;
    if (this.#calmMs === undefined) {
      if (this.#options.ending === 'leader lost' && !this.#loseLeader()) {
        return 'a cluster that does not come to rest';
      }
      this.#calmMs = nowMs;
      if (this.#options.ending === 'pokes') this.#poke();
    }
    const boundMs = lifeBoundMs(this.#settledMs, WAITED_TTL_SECONDS_MAX, {
      leaderLost: this.#leaderLost,
      far: this.#cluster.options.regions,
    });
    // Renewals from before may still have been on their way.
    const late = nowMs > boundMs + PROPOSAL_TIMEOUT_MS;
    // Candidates whose callers have given up are still withdrawn.
    const withdrawn = nowMs > this.#calmMs + 2 * WAIT_MS;
    const over = late || (withdrawn && this.#shortLives() === 0);
    if (this.#maySleep && !over) return `${this.#shortLives()} leases that must end`;
    this.#maySleep = false;
    return this.#awake() ? undefined : 'members that sleep';
  }

  judge(): void {
    const { calls, decisions } = this.#record;
    checkNeverEarly(calls, decisions);
    checkLeaseAnswers(calls, decisions);
    checkCheckpoints(calls, decisions);
    checkLeasedKeys(calls, decisions);
    checkLockHolders(calls, decisions);
    checkCandidateKeys(calls, decisions);
    checkBoundedLife(calls, decisions, {
      calmMs: this.#settledMs,
      nowMs: this.#cluster.scheduler.nowMs,
      leaderLost: this.#leaderLost,
      waitedTtlSecondsMax: WAITED_TTL_SECONDS_MAX,
      far: this.#cluster.options.regions,
    });
    checkMembersAgree(
      this.#cluster
        .usable()
        .flatMap(({ current }) => (current === undefined ? [] : [current.instance.member.state])),
    );
  }

  /** Since when all is calm, and leadership has not been handed over: its new holder gives leases more time. */
  get #settledMs(): number {
    return Math.max(this.#calmMs ?? 0, this.#cluster.observer.handOvers.lastMs);
  }

  /** Leases that are waited for and have not ended. */
  #shortLives(): number {
    return this.#record.living.filter(({ ttl }) => ttl <= WAITED_TTL_SECONDS_MAX).length;
  }

  /** A resting member without timers and calls is put away; the next event builds it anew. */
  #putToSleep(): void {
    this.#cluster.scheduler.after(SLEEP_EVERY_MS, () => {
      if (!this.#maySleep) return;
      for (const host of this.#cluster.hosts()) {
        if (this.#isIdle(host) && this.#prng.bool(SLEEP_CHANCE)) host.sleep();
      }
      this.#putToSleep();
    });
  }

  #pauseLeaders(): void {
    this.#cluster.scheduler.after(PAUSE_EVERY_MS * 2 * this.#prng.float(), () => {
      if (this.#stopped) return;
      const leader = this.#leader();
      if (leader !== undefined) this.#pause(leader, PAUSE_MS_MAX * this.#prng.float());
      this.#pauseLeaders();
    });
  }

  #leader(): ObjectHost<SimulatedMember> | undefined {
    return this.#cluster
      .hosts()
      .find(({ current }) => current?.instance.member.status.role === 'leader');
  }

  #cutLeaderOff(): void {
    this.#cluster.scheduler.after(NAP_CUT_AFTER_MS * this.#apart.float(), () => {
      const leader = this.#leader();
      if (this.#stopped || leader === undefined) return;
      const forMs = NAP_CUT_MS_MIN + (NAP_CUT_MS_MAX - NAP_CUT_MS_MIN) * this.#apart.float();
      this.#cluster.trace(leader.id, `cut off after a renewal for ${forMs.toFixed(0)} ms`);
      this.#cutOff(leader.id, forMs);
    });
  }

  #pause(leader: ObjectHost<SimulatedMember>, forMs: number): void {
    if (!this.#options.cutOff) {
      leader.pause(forMs);
      return;
    }
    const longMs = Math.max(forMs, CUT_OFF_PAUSE_MS_MIN);
    leader.pause(longMs);
    this.#cutOff(leader.id, longMs + AFTERMATH_MS);
    void this.#straggler?.outlast(leader.id, longMs);
  }

  /** From the other members. Clients reach it. */
  #cutOff(id: NodeId, forMs: number): void {
    const { network, scheduler } = this.#cluster;
    for (const other of this.#cluster.memberIds()) {
      if (other === id) continue;
      network.cut(id, other);
      network.cut(other, id);
      scheduler.after(forMs, () => {
        network.restore(id, other);
        network.restore(other, id);
      });
    }
  }

  #isIdle({ current, twin }: ObjectHost<SimulatedMember>): boolean {
    if (current === undefined || twin !== undefined) return false;
    const calls = this.#open.get(current.instance) ?? 0;
    return current.instance.member.status.resting && calls === 0;
  }

  #poke(): void {
    const { scheduler } = this.#cluster;
    scheduler.after(POKE_EVERY_MS * (0.5 + this.#prng.float()), () => {
      if (!this.#maySleep) return;
      this.#read(this.#prng.pick(this.#cluster.usable()).id);
      this.#poke();
    });
  }

  #read(member: NodeId): void {
    const read = { kind: 'range', key: 'key/', end: 'key0', countOnly: true } as const;
    this.#cluster.call('poke', member, read, POKE_EVERY_MS, () => {});
  }

  /** Takes the leader away for good, once the cluster rests; true when that is done, or not to be done. */
  #loseLeader(): boolean {
    const all = this.#cluster.hosts();
    if (all.some(({ lost }) => lost)) return true;
    const { members } = this.#cluster.observer.membership;
    // Without it there must still be a quorum.
    if (members.filter(({ isLearner }) => !isLearner).length < 3) return true;
    const hosts = all.filter(({ id }) => !this.#cluster.isGone(id));
    const rests = hosts.every(
      ({ current }) => current === undefined || current.instance.member.status.resting,
    );
    if (!rests) return false;
    const leader = hosts.find(({ current }) => current?.instance.member.status.role === 'leader');
    // It sleeps already: as good an ending as any other.
    if (leader === undefined) return true;
    this.#leaderLost = true;
    leader.crash();
    leader.lost = true;
    return true;
  }

  /** Are all in memory, and have applied the same? Wakes them, also who was built and had no work yet. */
  #awake(): boolean {
    const hosts = this.#cluster.usable();
    const applied = hosts.map(({ current }) => current?.instance.member.state.applied.index);
    const most = Math.max(...applied.map((index) => index ?? 0));
    const behind = hosts.filter((_, at) => applied[at] !== most);
    for (const { id } of behind) this.#read(id);
    return behind.length === 0;
  }
}
