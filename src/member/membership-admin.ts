/**
 * Changes of the membership. Any member takes a command; the leader checks it and carries it out, one at
 * a time, since only the leader knows who is there and how far learners are.
 */
import { StatusError } from '../api/errors.ts';
import { idToLong, MemberDescription, toNumber } from '../api/messages.ts';
import type { Membership } from '../apply/membership.ts';
import { ELECTION_TICKS, PROPOSAL_TIMEOUT_MS, TICK_MS } from '../constants.ts';
import { byteString } from '../lib/bytes.ts';
import type { SteadyClock } from '../lib/steady-clock.ts';
import type { ProgressStatus } from '../raft/config.ts';
import type { RawNode } from '../raft/raw-node.ts';
import {
  type ConfChange,
  type ConfChangeStep,
  ConfChangeType,
  type NodeId,
} from '../raft/types.ts';
import { memberIdOf } from './cluster-config.ts';
import {
  decodeAnswer,
  encodeCommand,
  type MembershipAnswer,
  type MembershipCommand,
} from './membership-messages.ts';
import {
  checkAdd,
  checkPromote,
  checkRemove,
  checkReplace,
  type Situation,
} from './membership-rules.ts';
import { parsePeerUrls, siblingName } from './peer-url.ts';
import { PEER_MEMBERSHIP_PATH } from './peer-protocol.ts';
import type { Clock, PeerAddress, Transport } from './ports.ts';

export interface MembershipPorts {
  readonly clock: Clock;
  /** What deadlines are reckoned by. */
  readonly steady: Pick<SteadyClock, 'nowMs'>;
  readonly transport: Transport;
  readonly cluster: string;
  readonly self: NodeId;
  /** Random bytes of this construction. */
  readonly nonce: Uint8Array;
  readonly raft: Pick<RawNode, 'leader' | 'status' | 'proposeConfChange'>;
  readonly membership: Membership;
  readonly learnersMax: number;
  readonly addressOf: (id: NodeId) => PeerAddress | undefined;
  /** Resolves once the state has all that was committed before the call. */
  readonly confirm: () => Promise<void>;
  /** Asks for a turn. */
  readonly schedule: () => void;
}

type Description = Omit<Parameters<typeof MemberDescription.encode>[0], 'proposer' | 'sequence'>;

interface Planned {
  readonly id: NodeId;
  readonly steps: readonly ConfChangeStep[];
  readonly description: Description;
}

interface Waiter {
  readonly change: ConfChange;
  readonly deadlineMs: number;
  readonly settle: (refusal: StatusError | undefined) => void;
  readonly fail: (reason: unknown) => void;
  /** Raft has it in its log. */
  taken: boolean;
}

interface HeardWait {
  /** Raft's ticks when it began: who is heard later is there. */
  readonly sinceTick: number;
  /** Whose log counts, too: a leader that has just been handed leadership does not know it yet. */
  readonly learner: NodeId | undefined;
  ticksLeft: number;
  readonly done: (heard: ReadonlySet<NodeId>) => void;
}

/** Leadership went elsewhere before anything was proposed. */
class NotLeaderError extends Error {
  override readonly name = 'NotLeaderError';
}

export class MembershipAdmin {
  readonly #ports: MembershipPorts;
  readonly #nonceKey: string;
  #sequence = 0;
  readonly #waiting = new Map<number, Waiter>();
  #heardWaits: HeardWait[] = [];
  /** The last command taken by this member as leader; the next begins after it. */
  #last: Promise<unknown> = Promise.resolve();
  #running = 0;
  #stopped: StatusError | undefined;

  constructor(ports: MembershipPorts) {
    this.#ports = ports;
    this.#nonceKey = byteString(ports.nonce);
  }

  /** Somebody here waits for time to pass. */
  get waiting(): boolean {
    return this.#running > 0;
  }

  /**
   * Carries out a command, here or at the leader, and returns the id of the member concerned once the
   * change is applied here.
   * @throws StatusError etcd's refusals; `unhealthy` without a leader; `timeout` when the fate is unknown
   */
  async run(command: MembershipCommand): Promise<NodeId> {
    const { clock, steady, confirm, raft, self, addressOf, transport } = this.#ports;
    // What cannot be right needs no leader to be refused.
    this.#checkUrls(command);
    const deadlineMs = steady.nowMs() + PROPOSAL_TIMEOUT_MS;
    await confirm().catch(() => {
      throw this.#stopped ?? StatusError.of('unhealthy');
    });
    for (;;) {
      if (this.#stopped !== undefined) throw this.#stopped;
      const local = raft.leader === self;
      const leader = addressOf(raft.leader);
      let answer: MembershipAnswer = { kind: 'notLeader' };
      if (local) answer = await this.answer(command);
      else if (leader !== undefined) answer = await forward(transport, leader, command);
      if (answer.kind === 'refused') throw answer.error;
      if (answer.kind === 'done') {
        // It is done, whether or not this member learns of it in time.
        if (!local) await confirm().catch(() => undefined);
        return answer.id;
      }
      if (steady.nowMs() >= deadlineMs) throw StatusError.of('timeout');
      await new Promise<void>((resolve) => void clock.setTimer(TICK_MS, resolve));
    }
  }

  /** The leader's side of a command. */
  answer(command: MembershipCommand): Promise<MembershipAnswer> {
    const answer = this.#last.then(() => this.#execute(command));
    this.#last = answer;
    return answer;
  }

  /** Part of the member's turn: hands Raft what it has not taken yet. */
  flush(): void {
    for (const waiter of this.#waiting.values()) {
      if (waiter.taken) continue;
      if (!this.#leads()) {
        waiter.fail(new NotLeaderError('propose a change of membership'));
        continue;
      }
      const result = this.#ports.raft.proposeConfChange(waiter.change);
      waiter.taken = result === 'ok';
      if (result === 'invalid') waiter.fail(StatusError.of('memberNotEnoughStarted'));
    }
  }

  /** A change was applied here, or refused by all members alike; tells its waiter if it was ours. */
  settle(context: Uint8Array, refusal: StatusError | undefined): void {
    if (this.#waiting.size === 0) return;
    let description: MemberDescription;
    try {
      description = MemberDescription.decode(context);
    } catch {
      return;
    }
    if (byteString(description.proposer) !== this.#nonceKey) return;
    this.#waiting.get(toNumber(description.sequence))?.settle(refusal);
  }

  /** Called at each tick while the member is awake. */
  tick(): void {
    const nowMs = this.#ports.steady.nowMs();
    for (const waiter of this.#waiting.values()) {
      if (waiter.deadlineMs <= nowMs) waiter.fail(StatusError.of('timeout'));
    }
    const waits = this.#heardWaits;
    this.#heardWaits = waits.filter((wait) => !this.#heardEnough(wait));
  }

  stop(reason: StatusError): void {
    this.#stopped = reason;
    for (const waiter of this.#waiting.values()) waiter.fail(reason);
    for (const { done } of this.#heardWaits) done(new Set());
    this.#heardWaits = [];
  }

  #leads(): boolean {
    return this.#stopped === undefined && this.#ports.raft.leader === this.#ports.self;
  }

  async #execute(command: MembershipCommand): Promise<MembershipAnswer> {
    if (!this.#leads()) return { kind: 'notLeader' };
    this.#running++;
    try {
      await this.#ports.confirm();
      const heard = await this.#heard(command.kind === 'replace' ? command.id : undefined);
      if (!this.#leads()) return { kind: 'notLeader' };
      const planned = this.#plan(command, heard);
      await this.#propose(planned);
      return { kind: 'done', id: planned.id };
    } catch (error) {
      if (error instanceof NotLeaderError) return { kind: 'notLeader' };
      return { kind: 'refused', error: StatusError.from(error) };
    } finally {
      this.#running--;
    }
  }

  #plan(command: MembershipCommand, heard: ReadonlySet<NodeId>): Planned {
    const { membership, self, raft, learnersMax } = this.#ports;
    const { progress } = raft.status();
    const situation: Situation = { membership, self, heard, progress, learnersMax };
    const member = command.kind === 'add' ? undefined : membership.get(command.id);
    switch (command.kind) {
      case 'add':
        checkAdd(situation, command.learner);
        return this.#planAdd(command.peerUrls, command.learner);
      case 'remove':
        checkRemove(situation, command.id);
        return {
          id: command.id,
          steps: [{ type: ConfChangeType.remove, node: command.id }],
          description: { ID: idToLong(command.id) },
        };
      case 'promote':
        checkPromote(situation, command.id);
        return {
          id: command.id,
          steps: [{ type: ConfChangeType.addVoter, node: command.id }],
          description: { ID: idToLong(command.id) },
        };
      case 'replace':
        checkReplace(situation, command.id, command.voter);
        return {
          id: command.id,
          steps: [
            { type: ConfChangeType.addVoter, node: command.id },
            { type: ConfChangeType.remove, node: command.voter },
          ],
          description: { ID: idToLong(command.id) },
        };
      case 'update': {
        if (member === undefined) throw StatusError.of('memberNotFound');
        const urls = parsePeerUrls(command.peerUrls, this.#ports.cluster).map(({ url }) => url);
        refuseOtherObject(member.peerUrls, urls);
        return {
          id: member.id,
          steps: [{ type: kindOf(member.isLearner), node: member.id }],
          description: { ID: idToLong(member.id), peer_urls: urls },
        };
      }
    }
  }

  #planAdd(texts: readonly string[], learner: boolean): Planned {
    const { cluster, clock, membership } = this.#ports;
    const urls = parsePeerUrls(texts, cluster);
    const peerUrls = urls.map(({ url }) => url);
    const id = memberIdOf(peerUrls, cluster, Math.floor(clock.nowMs() / 1000));
    if (membership.get(id) !== undefined) throw StatusError.of('memberExist');
    return {
      id,
      steps: [{ type: kindOf(learner), node: id }],
      description: {
        ID: idToLong(id),
        peer_urls: peerUrls,
        region: urls.find(({ region }) => region !== undefined)?.region ?? '',
        is_learner: learner,
      },
    };
  }

  #propose({ steps, description }: Planned): Promise<void> {
    const sequence = ++this.#sequence;
    const context = MemberDescription.encode({
      ...description,
      proposer: this.#ports.nonce,
      sequence,
    }).finish();
    const change: ConfChange = { steps, transition: 'auto', context };
    const deadlineMs = this.#ports.steady.nowMs() + PROPOSAL_TIMEOUT_MS;
    const applied = new Promise<void>((resolve, reject) => {
      this.#waiting.set(sequence, {
        change,
        deadlineMs,
        settle: (refusal) => (refusal === undefined ? resolve() : reject(refusal)),
        fail: reject,
        taken: false,
      });
    });
    this.#ports.schedule();
    return applied.finally(() => this.#waiting.delete(sequence));
  }

  /** Which voters answer now: until all have, and the learner, or for an election timeout. */
  #heard(learner?: NodeId): Promise<ReadonlySet<NodeId>> {
    return new Promise((done) => {
      const wait = {
        sinceTick: this.#ports.raft.status().ticks,
        learner,
        ticksLeft: ELECTION_TICKS,
        done,
      };
      if (!this.#heardEnough(wait)) this.#heardWaits.push(wait);
    });
  }

  #heardEnough(wait: HeardWait): boolean {
    const { raft, self } = this.#ports;
    const { progress } = raft.status();
    const isHeard = ({ id, heardTick }: ProgressStatus): boolean =>
      id === self || heardTick > wait.sinceTick;
    // Learners are in no quorum, and may never have started.
    const voters = progress.filter(({ learner }) => !learner);
    const heard = voters.filter(isHeard);
    const learner = progress.find(({ id }) => id === wait.learner);
    const isKnown = learner === undefined || (isHeard(learner) && learner.match > 0);
    const all = this.#leads() && heard.length === voters.length && isKnown;
    if (!all && this.#leads() && wait.ticksLeft-- > 0) return false;
    wait.done(new Set(heard.map(({ id }) => id)));
    return true;
  }

  #checkUrls(command: MembershipCommand): void {
    if (command.kind === 'add' || command.kind === 'update') {
      parsePeerUrls(command.peerUrls, this.#ports.cluster);
    }
  }
}

function kindOf(isLearner: boolean): ConfChangeType {
  return isLearner ? ConfChangeType.addLearner : ConfChangeType.addVoter;
}

async function forward(
  transport: Transport,
  leader: PeerAddress,
  command: MembershipCommand,
): Promise<MembershipAnswer> {
  try {
    const body = encodeCommand(command);
    return decodeAnswer(
      await transport.request(leader, PEER_MEMBERSHIP_PATH, body, PROPOSAL_TIMEOUT_MS),
    );
  } catch (cause) {
    const { code, message } = StatusError.of('timeoutDueToConnectionLost');
    throw new StatusError(code, message, { cause });
  }
}

/**
 * An object's data cannot move to another object. Under the new URL there would be an empty one, which
 * must not take the place of a voter that has acknowledged entries.
 */
function refuseOtherObject(before: readonly string[], after: readonly string[]): void {
  const objects = (urls: readonly string[]): string =>
    urls.filter((url) => siblingName(url) !== undefined).join();
  if (objects(before) !== objects(after)) throw StatusError.of('memberBadURLs');
}
