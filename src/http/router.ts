import { MEMBER_DIAL_TIMEOUT_MS } from '../constants.ts';
import { Code, StatusError } from '../api/errors.ts';
import { CANNOT_START } from '../member/rpc.ts';
import type { CallResult, MemberRpc } from '../member/rpc.ts';

/** A member as the router sees it; `open` makes a fresh stub, since one that failed may stay failed. */
export interface RoutedMember {
  readonly name: string;
  readonly open: () => MemberRpc;
  /** A request to the member's object itself, by a fresh stub too. */
  readonly fetch: (path: string, init: RequestInit) => Promise<Response>;
}

/** A WebSocket to a member, not accepted yet. */
export interface MemberSocket {
  readonly member: string;
  readonly socket: WebSocket;
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

  /** A call that may be repeated, and that only the leader can answer itself: at it, or at any member. */
  async atLeader(run: (member: MemberRpc) => Promise<CallResult>): Promise<CallResult> {
    const leader = this.#members.find((member) => member.name === this.#hints.leader);
    if (leader !== undefined) {
      try {
        const result = this.#learn(await run(leader.open()));
        if (result.code !== Code.Unavailable) return result;
      } catch {
        this.#hints.leader = undefined;
      }
    }
    return this.read(run);
  }

  /** A mutation: sent once. When its answer is lost its fate is unknown, and nobody here repeats it. */
  async write(run: (member: MemberRpc) => Promise<CallResult>): Promise<CallResult> {
    const leader = this.#members.find((member) => member.name === this.#hints.leader);
    const target = leader ?? this.#nearest;
    try {
      return this.#learn(await run(target.open()));
    } catch (cause) {
      this.#hints.leader = undefined;
      // Thrown while the member's object was built: nothing of the call was run.
      const text = String(cause);
      const refusal = text.indexOf(CANNOT_START);
      if (refusal >= 0) {
        throw new StatusError(Code.Unavailable, text.slice(refusal), { cause });
      }
      const { code, message } = StatusError.of('timeoutDueToConnectionLost');
      throw new StatusError(code, message, { cause });
    }
  }

  /**
   * Opens a WebSocket at the nearest member that takes it.
   * @throws StatusError Unavailable with the last member's reason
   */
  connect(path: string, headers: Headers = new Headers()): Promise<MemberSocket> {
    return this.#connect(this.#members, path, headers);
  }

  /** As `connect`, but the leader is asked first when it is known. */
  connectAtLeader(path: string, headers: Headers = new Headers()): Promise<MemberSocket> {
    const leads = ({ name }: RoutedMember): boolean => name === this.#hints.leader;
    const others = this.#members.filter((member) => !leads(member));
    return this.#connect([...this.#members.filter(leads), ...others], path, headers);
  }

  async #connect(
    members: readonly RoutedMember[],
    path: string,
    headers: Headers,
  ): Promise<MemberSocket> {
    let failure: unknown;
    headers.set('Upgrade', 'websocket');
    for (const { name, fetch } of members) {
      const dialing = new AbortController();
      const timer = setTimeout(() => dialing.abort(), MEMBER_DIAL_TIMEOUT_MS);
      try {
        const response = await fetch(path, { headers, signal: dialing.signal });
        if (response.webSocket !== null) return { member: name, socket: response.webSocket };
        failure = `${name}: status ${response.status}, ${await response.text()}`;
      } catch (error) {
        failure = error;
      } finally {
        clearTimeout(timer);
      }
    }
    throw new StatusError(14, `no member takes the stream: ${String(failure)}`, { cause: failure });
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
