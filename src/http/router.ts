import { Code, StatusError } from '../api/errors.ts';
import type { CallResult, MemberRpc } from '../member/rpc.ts';

/** A member as the router sees it; `open` makes a fresh stub, since one that failed may stay failed. */
export interface RoutedMember {
  readonly name: string;
  readonly open: () => MemberRpc;
}

/**
 * Picks the member for a call: reads go to the nearest, mutations to the leader in one hop when it is
 * known. A wrong guess is only slower (the member forwards), and its answer names the leader.
 */
export class Router {
  /** Nearest first. Never empty. */
  readonly #members: readonly RoutedMember[];
  readonly #hints: LeaderHints;

  constructor(members: readonly RoutedMember[], hints: LeaderHints) {
    this.#members = members;
    this.#hints = hints;
  }

  /** A call without effect: any member can answer, so the next one is tried when one fails. */
  async read(run: (member: MemberRpc) => Promise<CallResult>): Promise<CallResult> {
    let unavailable: CallResult | undefined;
    let failure: unknown;
    for (const member of this.#members) {
      try {
        const result = this.#learn(await run(member.open()));
        if (result.code !== Code.Unavailable) return result;
        unavailable ??= result;
      } catch (error) {
        failure ??= error;
      }
    }
    if (unavailable !== undefined) return unavailable;
    throw new StatusError(Code.Unavailable, `no member answers: ${String(failure)}`, {
      cause: failure,
    });
  }

  /** A mutation: sent once. When its answer is lost its fate is unknown, and nobody here repeats it. */
  async write(run: (member: MemberRpc) => Promise<CallResult>): Promise<CallResult> {
    const leader = this.#members.find((member) => member.name === this.#hints.leader);
    const target = leader ?? this.#nearest;
    try {
      return this.#learn(await run(target.open()));
    } catch (cause) {
      this.#hints.leader = undefined;
      const { code, message } = StatusError.of('timeoutDueToConnectionLost');
      throw new StatusError(code, message, { cause });
    }
  }

  /** For answers that are about one member: health, status. */
  get nearest(): MemberRpc {
    return this.#nearest.open();
  }

  get #nearest(): RoutedMember {
    const [first] = this.#members;
    if (first === undefined)
      throw new StatusError(Code.Unavailable, 'route a call: the cluster has no members');
    return first;
  }

  #learn(result: CallResult): CallResult {
    if (result.served.leader !== undefined) this.#hints.leader = result.served.leader;
    return result;
  }
}

/** Last known leader of a cluster, kept for the life of the isolate: only a hint, never a truth. */
export interface LeaderHints {
  leader: string | undefined;
}
