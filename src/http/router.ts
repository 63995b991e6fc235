import { MEMBER_DIAL_TIMEOUT_MS } from '../constants.ts';
import { Code, StatusError } from '../api/errors.ts';
import { CANNOT_START } from '../member/rpc.ts';
import type { CallResult, MemberRpc, Served } from '../member/rpc.ts';

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
  readonly #others: (() => Promise<readonly RoutedMember[]>) | undefined;

  /** @param others asked when none of `members` takes a call: the members as the cluster has them by now */
  constructor(
    members: readonly RoutedMember[],
    hints: LeaderHints,
    others?: () => Promise<readonly RoutedMember[]>,
  ) {
    this.#members = members;
    this.#hints = hints;
    this.#others = others;
  }

  /** A call without effect: any member can answer, so the next one is tried when one fails. */
  async read(run: (member: MemberRpc) => Promise<CallResult>): Promise<CallResult> {
    let unavailable: CallResult | undefined;
    let failure: unknown;
    for await (const member of this.#candidates()) {
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
    let refusal: StatusError | undefined;
    for await (const member of this.#candidates(this.#hints.leader)) {
      try {
        return this.#learn(await run(member.open()));
      } catch (cause) {
        this.#hints.leader = undefined;
        const { code, message } = StatusError.of('timeoutDueToConnectionLost');
        const text = String(cause);
        const begin = text.indexOf(CANNOT_START);
        if (begin < 0) throw new StatusError(code, message, { cause });
        // Nothing of the call was run, so that another member may be asked.
        refusal ??= new StatusError(Code.Unavailable, text.slice(begin), { cause });
      }
    }
    throw refusal ?? new StatusError(Code.Unavailable, 'route a call: the cluster has no members');
  }

  /** `first` if it is known, then the others by distance; then whoever else the cluster has by now. */
  async *#candidates(first?: string): AsyncGenerator<RoutedMember, void, undefined> {
    const tried = new Set<string>();
    const preferred = this.#members.filter(({ name }) => name === first);
    for (const member of [...preferred, ...this.#members]) {
      if (tried.has(member.name)) continue;
      tried.add(member.name);
      yield member;
    }
    for (const member of (await this.#others?.()) ?? []) {
      if (!tried.has(member.name)) yield member;
    }
  }

  /**
   * Opens a WebSocket at the nearest member that takes it.
   * @throws StatusError Unavailable with the last member's reason
   */
  connect(path: string, headers: Headers = new Headers()): Promise<MemberSocket> {
    return this.#connect(this.#candidates(), path, headers);
  }

  /** As `connect`, but the leader is asked first when it is known. */
  connectAtLeader(path: string, headers: Headers = new Headers()): Promise<MemberSocket> {
    return this.#connect(this.#candidates(this.#hints.leader), path, headers);
  }

  async #connect(
    members: AsyncIterable<RoutedMember>,
    path: string,
    headers: Headers,
  ): Promise<MemberSocket> {
    let failure: unknown;
    headers.set('Upgrade', 'websocket');
    for await (const { name, fetch } of members) {
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

  /** Asks the nearest member's object for a path of its own. */
  get(path: string): Promise<Response> {
    return this.#nearest.fetch(path, {});
  }

  /** For answers that are about one member: health, status. */
  get nearest(): MemberRpc {
    return this.#nearest.open();
  }

  /** Of the member where calls would go, were it not for the leader. */
  get nearestName(): string {
    return this.#nearest.name;
  }

  get #nearest(): RoutedMember {
    const [first] = this.#members;
    if (first === undefined)
      throw new StatusError(Code.Unavailable, 'route a call: the cluster has no members');
    return first;
  }

  #learn(result: CallResult): CallResult {
    if (result.served.leader !== undefined) this.#hints.leader = result.served.leader;
    this.#hints.served?.(result.served);
    return result;
  }
}

/** Last known leader of a cluster, kept for the life of the isolate: only a hint, never a truth. */
export interface LeaderHints {
  leader: string | undefined;
  /** Hears of every answer. */
  readonly served?: (served: Served) => void;
}
