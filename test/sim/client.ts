/** A client in the simulated world: one request at a time, each to a member of its choice. */
import type { Prng } from '../../src/lib/prng.ts';
import type { CallResult } from '../../src/member/rpc.ts';
import type { NodeId } from '../../src/raft/types.ts';
import type { SimulatedCluster } from './cluster.ts';
import { decodeAnswer, encodeCall } from './etcd-messages.ts';
import type { Outcome, Request } from './kv.ts';
import type { Generator } from './workload.ts';

/** A client gives up on an answer after this long; the fate of its write is then unknown. */
const CLIENT_TIMEOUT_MS = 1_500;

/** What a client hears when nobody listens, and how long it then waits. */
const REFUSED = 'connection refused';
const GAVE_UP = 'the client gave up';
const RECONNECT_MS = 150;

export class SimulatedClient {
  readonly name: string;
  readonly #cluster: SimulatedCluster;
  readonly #prng: Prng;
  readonly #generator: Generator;
  /** The only member it talks to, or undefined: any. */
  readonly #pinned: NodeId | undefined;
  readonly #thinkMs: () => number;
  #stopped = false;

  constructor(
    cluster: SimulatedCluster,
    name: string,
    prng: Prng,
    generator: Generator,
    options: { readonly pinned: NodeId | undefined; readonly thinkMs: () => number },
  ) {
    this.name = name;
    this.#cluster = cluster;
    this.#prng = prng;
    this.#generator = generator;
    this.#pinned = options.pinned;
    this.#thinkMs = options.thinkMs;
  }

  start(): void {
    this.#later();
  }

  stop(): void {
    this.#stopped = true;
  }

  #later(extraMs = 0): void {
    this.#cluster.scheduler.after(extraMs + this.#thinkMs(), () => {
      if (!this.#stopped) this.#next();
    });
  }

  #next(): void {
    const request = this.#generator.next();
    const pinned = this.#pinned;
    const member =
      pinned === undefined || this.#cluster.isGone(pinned)
        ? this.#prng.pick(this.#cluster.memberIds())
        : pinned;
    this.#cluster.call(this.name, member, request, CLIENT_TIMEOUT_MS, (outcome) => {
      this.#generator.learn(request, outcome);
      this.#later(outcome.kind === 'failed' && outcome.error === REFUSED ? RECONNECT_MS : 0);
    });
  }
}

/**
 * One request over the simulated network. `done` hears its outcome once, after `timeoutMs` at the
 * latest; it is in the history from now on.
 */
export function callOverNetwork(
  cluster: SimulatedCluster,
  client: string,
  member: NodeId,
  request: Request,
  timeoutMs: number,
  done: (outcome: Outcome) => void,
): void {
  const { scheduler, history } = cluster;
  const entry = history.begin(client, request, scheduler.nowMs);
  const { method, body } = encodeCall(request);
  sendCall(cluster, { client, member, method, body, timeoutMs }, (answer) => {
    const outcome = typeof answer === 'string' ? lostCall(answer) : decodeAnswer(request, answer);
    history.end(entry, outcome, scheduler.nowMs);
    done(outcome);
  });
}

function lostCall(why: CallLost): Outcome {
  return { kind: why === REFUSED ? 'failed' : 'unknown', error: why };
}

export interface EncodedRequest {
  readonly client: string;
  readonly member: NodeId;
  /** Full name, such as `etcdserverpb.KV/Put`. */
  readonly method: string;
  readonly body: Uint8Array;
  readonly timeoutMs: number;
}

/** Nobody listened, so nothing was done; or the client gave up and the fate is unknown. */
export type CallLost = typeof REFUSED | typeof GAVE_UP;

/** Any unary call, in no history. `done` hears of it once, after `timeoutMs` at the latest. */
export function sendCall(
  cluster: SimulatedCluster,
  { client, member, method, body, timeoutMs }: EncodedRequest,
  done: (answer: CallResult | CallLost) => void,
): void {
  const { scheduler, network } = cluster;
  let open = true;
  const end = (answer: CallResult | CallLost): void => {
    if (!open) return;
    open = false;
    scheduler.cancel(timeout);
    done(answer);
  };
  const timeout = scheduler.after(timeoutMs, () => {
    end(GAVE_UP);
  });
  network.datagram(client, member, () => {
    const host = cluster.host(member);
    if (host === undefined || host.down) {
      end(REFUSED);
      return;
    }
    host.deliver(client, (object) => {
      const session = host.sessionOf(object);
      void object.call(method, body).then((answer) => {
        session?.output(() => {
          network.datagram(member, client, () => {
            end(answer);
          });
        });
      });
    });
  });
}
