import { PEER_PROTOCOL_VERSION } from '../constants.ts';
import { DecodeError } from '../lib/binary.ts';
import { EMPTY_BYTES } from '../lib/bytes.ts';
import type { Identity } from './identity.ts';
import type { Member } from './member.ts';
import { decodeQuestions, encodeAnswers } from './lease-messages.ts';
import { decodeCommand, encodeAnswer } from './membership-messages.ts';
import {
  PEER_BAD_FRAME_CLOSE_CODE,
  PEER_FRAME_PATH,
  PEER_HASH_PATH,
  PEER_HEADERS,
  PEER_LEASE_PATH,
  PEER_MEMBERSHIP_PATH,
  PEER_PING_PATH,
  PEER_REMOVED_CLOSE_CODE,
  PEER_REMOVED_STATUS,
  PEER_ROUND_TRIPS_PATH,
  PEER_SNAPSHOT_PATH,
} from './peer-protocol.ts';

export interface PeerAnswer {
  readonly status: number;
  readonly body: Uint8Array | string;
}

export type Header = (name: string) => string | null;

export interface PeerRefusal {
  readonly status: number;
  readonly text: string;
}

/** Why nobody here takes a peer's request, whichever member it is for. */
export function refuseStranger(header: Header, secret: string): PeerRefusal | undefined {
  if ((header(PEER_HEADERS.secret) ?? '') !== secret) {
    return { status: 401, text: 'peer request refused: wrong cluster secret' };
  }
  const version = header(PEER_HEADERS.version);
  if (version === String(PEER_PROTOCOL_VERSION)) return undefined;
  return refusal(426, 'protocol version', version, PEER_PROTOCOL_VERSION);
}

/** Which member a peer takes the receiver for; undefined when that is not said. */
export function addressedIdentity(header: Header, name: string): Identity | undefined {
  const clusterId = header(PEER_HEADERS.cluster) ?? '';
  const id = header(PEER_HEADERS.to) ?? '';
  const ids = /^[0-9a-f]{16}$/;
  return ids.test(clusterId) && ids.test(id) ? { clusterId, id, name } : undefined;
}

const EMPTY_ANSWER: PeerAnswer = { status: 200, body: EMPTY_BYTES };

/** The receiving end of both peer channels. */
export class PeerReceiver {
  readonly #member: Member;
  readonly #secret: string;

  constructor(member: Member, secret: string) {
    this.#member = member;
    this.#secret = secret;
  }

  /** Why a peer's request is not taken, or undefined. @param header value of a request header, or null */
  refuse(header: Header): PeerRefusal | undefined {
    const stranger = refuseStranger(header, this.#secret);
    if (stranger !== undefined) return stranger;
    const cluster = header(PEER_HEADERS.cluster);
    if (cluster !== this.#member.config.id) {
      return refusal(412, 'cluster id', cluster, this.#member.config.id);
    }
    const to = header(PEER_HEADERS.to);
    if (to !== this.#member.self.id) return refusal(412, 'member id', to, this.#member.self.id);
    const from = header(PEER_HEADERS.from) ?? '';
    if (!this.#isRemoved(from)) return undefined;
    return {
      status: PEER_REMOVED_STATUS,
      text: `peer request refused: member ${from} was removed`,
    };
  }

  /** Notes where a peer whose request is taken can be reached. */
  meet(header: Header): void {
    const peerUrls = (header(PEER_HEADERS.fromUrls) ?? '').split(',').filter((url) => url !== '');
    this.#member.meet({ id: header(PEER_HEADERS.from) ?? '', peerUrls });
  }

  /**
   * A frame from the stream.
   * @param close ends the stream of a peer that sends what is no frame, or that was removed since it
   * opened the stream: it is told nothing else any more, and would call for votes for ever
   */
  frame(bytes: Uint8Array, close: (code: number, reason: string) => void): void {
    try {
      const from = this.#member.receive(bytes);
      if (from !== undefined && this.#isRemoved(from)) {
        close(PEER_REMOVED_CLOSE_CODE, `member ${from} was removed`);
      }
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      close(PEER_BAD_FRAME_CLOSE_CODE, error.message.slice(0, 120));
    }
  }

  #isRemoved(from: string): boolean {
    return this.#member.state.membership.isRemoved(from);
  }

  /** A request on the pipeline. */
  async handle(path: string, body: Uint8Array): Promise<PeerAnswer> {
    try {
      if (path === PEER_SNAPSHOT_PATH) {
        return { status: 200, body: this.#member.snapshots.handle(body) };
      }
      if (path === PEER_LEASE_PATH) {
        const questions = decodeQuestions(body);
        const answers = await Promise.all(
          questions.map((question) => this.#member.leases.answer(question)),
        );
        return { status: 200, body: encodeAnswers(answers) };
      }
      if (path === PEER_HASH_PATH) {
        return { status: 200, body: await this.#member.corruption.answer(body) };
      }
      if (path === PEER_MEMBERSHIP_PATH) {
        const answer = await this.#member.admin.answer(decodeCommand(body));
        return { status: 200, body: encodeAnswer(answer) };
      }
      if (path === PEER_PING_PATH) return EMPTY_ANSWER;
      if (path === PEER_ROUND_TRIPS_PATH) {
        return { status: 200, body: await this.#member.placement.roundTrips.answer() };
      }
      if (path !== PEER_FRAME_PATH) return { status: 404, body: `no peer channel at ${path}` };
      this.#member.receive(body);
      return EMPTY_ANSWER;
    } catch (error) {
      const status = error instanceof DecodeError ? 400 : 409;
      return { status, body: error instanceof Error ? error.message : String(error) };
    }
  }
}

function refusal(
  status: number,
  what: string,
  got: string | null,
  expected: string | number,
): PeerRefusal {
  return { status, text: `peer request refused: ${what} ${got}, expected ${expected}` };
}
