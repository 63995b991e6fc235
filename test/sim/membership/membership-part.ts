/**
 * The membership changes while faults go on: an operator adds, promotes and removes members over etcd's
 * Cluster service, leaders among them, lets learners take voters' places in some runs, and now and then
 * several learners are promoted at once, in a joint phase, as Raft takes it.
 */
import {
  idOf,
  idToLong,
  MemberAddRequest,
  MemberAddResponse,
  MemberDescription,
  MemberPromoteRequest,
  MemberRemoveRequest,
} from '../../../src/api/messages.ts';
import { Prng } from '../../../src/lib/prng.ts';
import { encodeCommand, REPLACE_METHOD } from '../../../src/member/membership-messages.ts';
import {
  type ConfChange,
  ConfChangeType,
  type ConfChangeStep,
  type NodeId,
} from '../../../src/raft/types.ts';
import { checkMembership, type MembershipCall } from '../checkers/membership.ts';
import { type CallLost, sendCall } from '../client.ts';
import type { SimulatedCluster } from '../cluster.ts';
import type { PartContext, WorkloadPart } from '../part.ts';
import type { CallResult } from '../../../src/member/rpc.ts';
import type { NewestMembership } from '../observer.ts';
import { proposeConfChange } from './raw-change.ts';

type Member = NewestMembership['members'][number];
interface Change {
  readonly kind: MembershipCall['kind'];
  readonly url?: string;
  readonly id?: NodeId;
}

/** Share of the runs whose membership changes. */
const SHARE = 0.4;
const VOTERS_MAX = 7;
const MEMBERS_MAX = 9;
/** Longer than a member waits for a change. */
const OPERATOR_TIMEOUT_MS = 8_000;
/** Share of those runs in which voters are replaced, too, and that of requests to replace the leader. */
const REPLACING_SHARE = 0.5;
const REPLACE_LEADER_SHARE = 0.1;
/** Keeps what replacing draws apart from all else that the seed decides. */
const REPLACING_SALT = 0x4e97ace;
const OPERATOR = 'operator';
const CLUSTER = 'etcdserverpb.Cluster';
/** Share of the joint phases in which a majority of the old half is left to itself: it must elect nobody. */
const CUT_SHARE = 0.7;
/** How long it waits for members to be in the joint phase, and how often it looks. */
const CUT_WAIT_MS = 2_000;
const CUT_LOOK_MS = 20;
const CUT_MS_MIN = 3_000;
const CUT_MS_MAX = 8_000;
/** Keeps what is drawn for that apart from all else that the seed decides. */
const CUT_SALT = 0x70147;

export function membershipPart(context: PartContext): WorkloadPart | undefined {
  const { options, prng } = context;
  // A member whose disk lost what it had is replaced by an operator who knows; ours does not.
  const whole = !options.faults.includes('bit flip');
  const replacing = new Prng(options.seed ^ REPLACING_SALT);
  return prng.bool(SHARE) && whole ? new MembershipPart(context, replacing) : undefined;
}

class MembershipPart implements WorkloadPart {
  readonly #cluster: SimulatedCluster;
  readonly #prng: Prng;
  readonly #apart: Prng;
  readonly #everyMs: number;
  /** What is drawn to replace voters, and how often it is tried; undefined: never. */
  readonly #replacing: { readonly prng: Prng; readonly everyMs: number } | undefined;
  readonly #calls: MembershipCall[] = [];
  #stopped = false;
  #names = 0;
  #busy = false;
  /** Calls without an answer. */
  #open = 0;
  readonly #counts = {
    membershipCalls: 0,
    membershipDone: 0,
    votersReplaced: 0,
    jointProposals: 0,
  };

  constructor({ cluster, options, prng }: PartContext, replacing: Prng) {
    this.#cluster = cluster;
    this.#prng = prng;
    this.#apart = new Prng(options.seed ^ CUT_SALT);
    this.#everyMs = prng.pick([200, 600, 1_500]);
    if (replacing.bool(REPLACING_SHARE)) {
      this.#replacing = { prng: replacing, everyMs: replacing.pick([300, 800, 2_000]) };
    }
  }

  get description(): string {
    const replacing =
      this.#replacing === undefined ? '' : `, voters replaced every ${this.#replacing.everyMs} ms`;
    return `membership changes every ${this.#everyMs} ms${replacing}`;
  }

  start(): void {
    this.#cluster.addClient(OPERATOR, undefined);
    this.#later(this.#prng, this.#everyMs, () => this.#change());
    if (this.#replacing === undefined) return;
    const { prng, everyMs } = this.#replacing;
    this.#later(prng, everyMs, () => this.#replace(prng));
  }

  stop(): void {
    this.#stopped = true;
  }

  /** A joint phase that waits for somebody to end it is ended. */
  unsettled(): string | undefined {
    if (this.#leaveJoint()) return 'a joint phase';
    if (this.#open > 0) return `${this.#open} calls of the operator`;
    // Whoever was added last has to catch up. Others may sleep by now.
    const applied = this.#cluster
      .usable()
      .filter(({ current, counts }) => current !== undefined || counts.builds === 0)
      .map(({ current }) => current?.instance.member.state.applied.index);
    return new Set(applied).size > 1 ? 'a member that is behind' : undefined;
  }

  judge(): void {
    checkMembership(this.#calls, this.#membership);
  }

  counts(): Readonly<Record<string, number>> {
    return this.#counts;
  }

  #later(prng: Prng, everyMs: number, change: () => void): void {
    const delayMs = -everyMs * Math.log(1 - prng.float());
    this.#cluster.scheduler.after(delayMs, () => {
      if (this.#stopped) return;
      if (!this.#busy) change();
      this.#later(prng, everyMs, change);
    });
  }

  get #membership(): NewestMembership {
    return this.#cluster.observer.membership;
  }

  #change(): void {
    const { members } = this.#membership;
    const voters = members.filter((member) => !member.isLearner);
    const learners = members.filter((member) => member.isLearner);
    switch (this.#prng.below(9)) {
      case 0:
      case 1:
      case 2:
        if (members.length < MEMBERS_MAX) this.#add(true);
        break;
      case 3:
        if (voters.length < VOTERS_MAX) this.#add(false);
        break;
      case 4:
      case 5:
        if (learners.length > 0 && voters.length < VOTERS_MAX) this.#promote(learners);
        break;
      case 6:
      case 7:
        this.#remove(members);
        break;
      default:
        if (!this.#leaveJoint()) this.#joint(voters, learners);
    }
  }

  #add(learner: boolean, prng: Prng = this.#prng): void {
    const url = `do://sim/n${++this.#names}`;
    const body = MemberAddRequest.encode({ peerURLs: [url], isLearner: learner }).finish();
    const kind = learner ? 'add learner' : 'add voter';
    this.#call(`${CLUSTER}/MemberAdd`, body, [{ kind, url }], prng);
  }

  #promote(learners: readonly Member[]): void {
    const { id } = this.#prng.pick(learners);
    const body = MemberPromoteRequest.encode({ ID: idToLong(id) }).finish();
    this.#call(`${CLUSTER}/MemberPromote`, body, [{ kind: 'promote', id }]);
  }

  #remove(members: readonly Member[]): void {
    const leader = this.#leader();
    const id = leader !== undefined && this.#prng.bool(0.3) ? leader : this.#pick(members);
    if (id === undefined) return;
    const body = MemberRemoveRequest.encode({ ID: idToLong(id) }).finish();
    this.#call(`${CLUSTER}/MemberRemove`, body, [{ kind: 'remove', id }]);
  }

  /** Any learner for any voter: those that must be refused are asked for, too. */
  #replace(prng: Prng): void {
    const { members } = this.#membership;
    const learners = members.filter((member) => member.isLearner);
    const leader = this.#leader();
    const leads = prng.bool(REPLACE_LEADER_SHARE);
    const voters = members.filter(({ id, isLearner }) => !isLearner && (id === leader) === leads);
    if (learners.length === 0 && members.length < MEMBERS_MAX) this.#add(true, prng);
    if (learners.length === 0 || voters.length === 0) return;
    const [voter, id] = [prng.pick(voters).id, prng.pick(learners).id];
    const body = encodeCommand({ kind: 'replace', id, voter });
    const changes = [{ kind: 'promote', id } as const, { kind: 'remove', id: voter } as const];
    this.#call(REPLACE_METHOD, body, changes, prng);
  }

  #pick(members: readonly Member[]): NodeId | undefined {
    return members.length === 0 ? undefined : this.#prng.pick(members).id;
  }

  /** @param changes what is true when it is done */
  #call(
    method: string,
    body: Uint8Array,
    changes: readonly Change[],
    prng: Prng = this.#prng,
  ): void {
    const { scheduler } = this.#cluster;
    const calls = changes.map((change): MembershipCall => {
      return { ...change, id: change.id, outcome: 'unknown' };
    });
    this.#calls.push(...calls);
    this.#counts.membershipCalls++;
    this.#busy = true;
    this.#open++;
    const member = prng.pick(this.#cluster.memberIds());
    this.#cluster.trace(OPERATOR, `${method} ${calls.map(nameOf).join(', ')} at ${member}`);
    const request = {
      client: OPERATOR,
      member,
      method,
      body,
      timeoutMs: OPERATOR_TIMEOUT_MS,
    };
    sendCall(this.#cluster, request, (answer) => {
      this.#busy = false;
      this.#open--;
      this.#answered(calls, answer);
    });
    // It does not always wait for an answer before it goes on.
    scheduler.after(2_000 * prng.float(), () => {
      this.#busy = false;
    });
  }

  #answered(calls: readonly MembershipCall[], answer: CallResult | CallLost): void {
    const text = typeof answer === 'string' ? answer : answer.message || 'done';
    this.#cluster.trace(OPERATOR, `${calls.map(nameOf).join(', ')}: ${text}`);
    if (typeof answer === 'string' || answer.code !== 0) return;
    this.#counts.membershipDone++;
    if (calls.length > 1) this.#counts.votersReplaced++;
    for (const call of calls) {
      call.outcome = 'ok';
      if (call.url === undefined) continue;
      const added = MemberAddResponse.decode(answer.body).member;
      if (added !== null) call.id = idOf(added.ID);
    }
  }

  #leader(): NodeId | undefined {
    return this.#leaderHost()?.id;
  }

  /** The leader of the latest term: one that was removed in its sleep takes itself for one still. */
  #leaderHost(): ReturnType<SimulatedCluster['hosts']>[number] | undefined {
    const termOf = ({ current }: ReturnType<SimulatedCluster['hosts']>[number]): number =>
      current?.instance.member.status.term ?? 0;
    return this.#cluster
      .hosts()
      .filter(({ current }) => current?.instance.member.status.role === 'leader')
      .toSorted((left, right) => termOf(right) - termOf(left))[0];
  }

  /** Proposes to leave a joint phase that does not end by itself. Is there one? */
  #leaveJoint(): boolean {
    const leader = this.#leaderHost();
    const conf = leader?.current?.instance.member.status.confState;
    if (conf === undefined || conf.votersOutgoing.length === 0) return false;
    if (!conf.autoLeave) this.#propose([], 'auto');
    return true;
  }

  /** Several learners promoted at once: joint (thesis 4.3). */
  #joint(voters: readonly Member[], learners: readonly Member[]): void {
    const coming = this.#prng.shuffle([...learners]).slice(0, 3);
    if (coming.length < 2 || voters.length + coming.length > VOTERS_MAX) return;
    const steps = coming.map(({ id }) => ({ type: ConfChangeType.addVoter, node: id }));
    for (const { id } of coming) this.#calls.push({ kind: 'promote', id, outcome: 'unknown' });
    this.#propose(steps, this.#prng.pick(['auto', 'explicit'] as const));
    if (this.#apart.bool(CUT_SHARE)) {
      this.#leaveOldHalf(voters, this.#cluster.scheduler.nowMs + CUT_WAIT_MS);
    }
  }

  /** Once it is in the joint phase, just a majority of the old half is left to itself, without the leader. */
  #leaveOldHalf(old: readonly Member[], untilMs: number): void {
    const { scheduler } = this.#cluster;
    scheduler.after(CUT_LOOK_MS, () => {
      if (this.#stopped || scheduler.nowMs > untilMs) return;
      const leader = this.#leader();
      const joint = old.filter(({ id }) => id !== leader && this.#isJoint(id));
      const majority = (old.length >> 1) + 1;
      if (joint.length < majority) {
        this.#leaveOldHalf(old, untilMs);
        return;
      }
      const left = this.#apart.shuffle(joint.map(({ id }) => id)).slice(0, majority);
      const away = this.#cluster.memberIds().filter((id) => !left.includes(id));
      this.#cutOff(away, CUT_MS_MIN + (CUT_MS_MAX - CUT_MS_MIN) * this.#apart.float());
    });
  }

  #isJoint(id: NodeId): boolean {
    const member = this.#cluster.host(id)?.current?.instance.member;
    return (member?.status.confState.votersOutgoing.length ?? 0) > 0;
  }

  #cutOff(away: readonly NodeId[], forMs: number): void {
    const { network, scheduler } = this.#cluster;
    this.#cluster.trace(OPERATOR, `cuts off ${away.join(', ')} for ${forMs.toFixed(0)} ms`);
    for (const one of away) {
      for (const other of this.#cluster.memberIds()) {
        if (one === other) continue;
        network.cut(one, other);
        network.cut(other, one);
        scheduler.after(forMs, () => {
          network.restore(one, other);
          network.restore(other, one);
        });
      }
    }
  }

  #propose(steps: readonly ConfChangeStep[], transition: ConfChange['transition']): void {
    const leader = this.#leaderHost();
    if (leader === undefined) return;
    this.#counts.jointProposals++;
    const text = steps.map(({ type, node }) => `${type} ${node}`).join(', ');
    this.#cluster.trace(OPERATOR, `proposes ${transition} [${text}]`);
    const context = MemberDescription.encode({}).finish();
    leader.deliver(OPERATOR, ({ member }) => {
      proposeConfChange(member, { steps, transition, context });
    });
  }
}

function nameOf({ kind, url, id }: MembershipCall): string {
  return `${kind} ${url ?? id ?? ''}`;
}
