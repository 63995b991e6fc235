/**
 * Questions about leases that the leader alone can answer, asked at any member (etcd's rule L6): here if
 * it leads, else over the pipeline. All that come in at once share a request, and at the leader a round.
 */
import { StatusError } from '../api/errors.ts';
import {
  LEASE_FORWARD_ITEMS_MAX,
  LEASE_FORWARD_PAUSE_MS,
  LEASE_FORWARD_TIMEOUT_MS,
  PROPOSAL_TIMEOUT_MS,
} from '../constants.ts';
import type { NodeId } from '../raft/types.ts';
import {
  decodeAnswers,
  encodeQuestions,
  type LeaseAnswer,
  type LeaseQuestion,
} from './lease-messages.ts';
import { PEER_LEASE_PATH } from './peer-protocol.ts';
import type { Clock, PeerAddress, Transport } from './ports.ts';

export interface LeaderLeasesPorts {
  /** This member's own answer. */
  readonly answer: (question: LeaseQuestion) => Promise<LeaseAnswer>;
  readonly clock: Clock;
  readonly transport: Transport;
  /** Undefined: this member leads, or knows of nobody who does. */
  readonly leaderAddress: () => PeerAddress | undefined;
  /** Resolves when a quorum knows who leads. @throws StatusError `timeout`, `stopped` */
  readonly confirm: () => Promise<void>;
}

interface Asked {
  readonly question: LeaseQuestion;
  /** Undefined: the request failed, or the answer does not fit it. */
  readonly settle: (answer: LeaseAnswer | undefined) => void;
}

export class LeaderLeases {
  readonly #ports: LeaderLeasesPorts;
  /** Waits for the end of the turn, by the leader it goes to. */
  readonly #gathered = new Map<NodeId, { readonly to: PeerAddress; readonly asked: Asked[] }>();

  constructor(ports: LeaderLeasesPorts) {
    this.#ports = ports;
  }

  /** Rides out changes of leader. @throws StatusError `timeout` */
  async ask(question: LeaseQuestion): Promise<LeaseAnswer> {
    const deadlineMs = this.#ports.clock.nowMs() + PROPOSAL_TIMEOUT_MS;
    for (let attempt = 0; ; attempt++) {
      const answer = await this.#askOnce(question);
      if (answer !== undefined && answer.kind !== 'notLeader') return answer;
      if (this.#ports.clock.nowMs() >= deadlineMs) throw StatusError.of('timeout');
      // A member that just woke knows no leader, and finds one with the first round.
      if (attempt > 0) await this.#pause();
      await this.#ports.confirm();
    }
  }

  async #askOnce(question: LeaseQuestion): Promise<LeaseAnswer | undefined> {
    const to = this.#ports.leaderAddress();
    return to === undefined ? this.#ports.answer(question) : this.#forward(to, question);
  }

  #forward(to: PeerAddress, question: LeaseQuestion): Promise<LeaseAnswer | undefined> {
    return new Promise((settle) => {
      const waiting = this.#gathered.get(to.id);
      if (waiting !== undefined) {
        waiting.asked.push({ question, settle });
        return;
      }
      const asked = [{ question, settle }];
      this.#gathered.set(to.id, { to, asked });
      this.#ports.clock.setTimer(0, () => {
        this.#gathered.delete(to.id);
        for (let at = 0; at < asked.length; at += LEASE_FORWARD_ITEMS_MAX) {
          void this.#send(to, asked.slice(at, at + LEASE_FORWARD_ITEMS_MAX));
        }
      });
    });
  }

  async #send(to: PeerAddress, asked: readonly Asked[]): Promise<void> {
    let answers: LeaseAnswer[] = [];
    try {
      const body = encodeQuestions(asked.map(({ question }) => question));
      const { transport } = this.#ports;
      answers = decodeAnswers(
        await transport.request(to, PEER_LEASE_PATH, body, LEASE_FORWARD_TIMEOUT_MS),
      );
    } catch {
      // Whoever leads now is looked for, and asked again.
    }
    const fits = answers.length === asked.length;
    asked.forEach(({ settle }, index) => settle(fits ? answers[index] : undefined));
  }

  #pause(): Promise<void> {
    return new Promise((resume) => {
      this.#ports.clock.setTimer(LEASE_FORWARD_PAUSE_MS, resume);
    });
  }
}
