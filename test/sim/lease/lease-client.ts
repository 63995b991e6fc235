/** What every client of leases can do: ask a member, pause, stall as real processes do, keep a lease alive. */
import type { Prng } from '../../../src/lib/prng.ts';
import type { LeaseId } from '../../../src/mvcc/types.ts';
import type { NodeId } from '../../../src/raft/types.ts';
import type { SimulatedCluster } from '../cluster.ts';
import type { SimulatedMember } from '../simulated-member.ts';
import { type Answer, type Ask, decodeAnswer, encodeAsk } from './asks.ts';
import type { LeaseRecord } from './record.ts';

/** A client gives up on an ordinary answer after this long. */
const PATIENCE_MS = 2_000;
const RECONNECT_MS = 100;
/** Patience of a call that may wait; then another member is asked, with the same lease. */
export const WAIT_MS = 3_000;
/** Mean time between two stalls of a client, and the longest of them. */
const STALL_EVERY_MS = 8_000;
const STALL_MS_MAX = 6_000;

/** What a client knows of a lease that it keeps alive. */
export interface Beat {
  readonly lease: LeaseId;
  readonly ttlSeconds: number;
  /** It was told that the lease is gone. */
  lost: boolean;
  stopped: boolean;
}

export type Reply = { readonly answer: Answer } | { readonly error: string } | undefined;

export interface ClientPorts {
  readonly cluster: SimulatedCluster;
  readonly record: LeaseRecord;
  /** Calls under way at an instance; it does not sleep while there are any. */
  readonly open: WeakMap<SimulatedMember, number>;
}

export abstract class LeaseClient {
  readonly name: string;
  protected readonly prng: Prng;
  protected readonly ports: ClientPorts;
  /** The only member it talks to, or undefined: any. */
  readonly #pinned: NodeId | undefined;
  #calls = 0;
  #stalledUntilMs = 0;
  #stopped = false;

  constructor(ports: ClientPorts, name: string, prng: Prng, pinned: NodeId | undefined) {
    this.ports = ports;
    this.name = name;
    this.prng = prng;
    this.#pinned = pinned;
  }

  start(): void {
    void this.#stallNowAndThen();
    void this.run();
  }

  /** Nothing is asked any more; what is under way ends by itself. */
  stop(): void {
    this.#stopped = true;
  }

  protected abstract run(): Promise<void>;

  protected get nowMs(): number {
    return this.ports.cluster.scheduler.nowMs;
  }

  /** Never resolves once the client has stopped. Longer when the client stalls. */
  protected sleep(ms: number): Promise<void> {
    const { scheduler } = this.ports.cluster;
    return new Promise((resolve) => {
      const wake = (): void => {
        if (this.#stopped) return;
        const leftMs = this.#stalledUntilMs - scheduler.nowMs;
        if (leftMs > 0) scheduler.after(leftMs, wake);
        else resolve();
      };
      scheduler.after(ms, wake);
    });
  }

  /** A pause of about `meanMs`, and until the cluster's spell of quiet is over. */
  protected think(meanMs: number): Promise<void> {
    const { quietUntilMs, scheduler } = this.ports.cluster;
    const pauseMs = -meanMs * Math.log(1 - this.prng.float());
    return this.sleep(Math.max(pauseMs, quietUntilMs - scheduler.nowMs));
  }

  /** Asks a member; undefined: no answer came in time. */
  protected async ask(ask: Ask, patienceMs: number = PATIENCE_MS): Promise<Reply> {
    const member = this.#pinned ?? this.prng.pick(this.ports.cluster.memberIds());
    return await this.askAt(member, ask, patienceMs);
  }

  /** Asks this very member. */
  protected async askAt(
    member: NodeId,
    ask: Ask,
    patienceMs: number = PATIENCE_MS,
  ): Promise<Reply> {
    const reply = await this.#exchange(member, ask, patienceMs);
    if (reply === undefined || !('error' in reply) || reply.error !== REFUSED) return reply;
    await this.sleep(RECONNECT_MS);
    return reply;
  }

  protected async grant(ttlSeconds: number, lease: LeaseId = 0n): Promise<Beat | undefined> {
    const reply = await this.ask({ kind: 'grant', lease, ttl: ttlSeconds });
    if (reply === undefined || 'error' in reply) return undefined;
    const { lease: id = 0n, ttl = 0 } = reply.answer;
    return { lease: id, ttlSeconds: ttl, lost: false, stopped: false };
  }

  /** Renews a few times in a TTL, some clients just in time, until the lease is lost or let go. */
  protected async keepAlive(beat: Beat): Promise<void> {
    const share = this.prng.pick([0.33, 0.33, 0.6, 0.9]);
    for (;;) {
      await this.sleep(beat.ttlSeconds * 1_000 * share);
      if (beat.stopped || beat.lost) return;
      const reply = await this.ask({ kind: 'keepAlive', lease: beat.lease });
      if (reply !== undefined && 'answer' in reply && reply.answer.ttl === 0) beat.lost = true;
    }
  }

  async #stallNowAndThen(): Promise<void> {
    for (;;) {
      await this.sleep(-STALL_EVERY_MS * Math.log(1 - this.prng.float()));
      const forMs = STALL_MS_MAX * this.prng.float();
      this.#stalledUntilMs = this.ports.cluster.scheduler.nowMs + forMs;
      this.ports.cluster.trace(this.name, `stalls for ${forMs.toFixed(0)} ms`);
    }
  }

  #exchange(member: NodeId, ask: Ask, patienceMs: number): Promise<Reply> {
    const { cluster, record } = this.ports;
    const { scheduler, network } = cluster;
    const call = record.begin(this.name, ask);
    const callId = `${this.name}.${this.#calls++}`;
    return new Promise((resolve) => {
      let waiting = true;
      const end = (reply: Reply): void => {
        if (!waiting) return;
        waiting = false;
        scheduler.cancel(timeout);
        if (reply !== undefined) record.end(call, reply);
        if (!this.#stopped) resolve(reply);
      };
      const timeout = scheduler.after(patienceMs, () => {
        // The connection is closed; the member may hear of it.
        network.datagram(this.name, member, () => {
          cluster.host(member)?.current?.instance.cancel(callId);
        });
        end(undefined);
      });
      const [method, body] = encodeAsk(ask);
      network.datagram(this.name, member, () => {
        this.#arrive(member, { method, body, callId }, (reply) => {
          if (reply === undefined) end({ error: REFUSED });
          else if (reply.code === 0) end({ answer: decodeAnswer(ask, reply.body) });
          else end({ error: reply.message });
        });
      });
    });
  }

  /** At the member: runs the call and sends its answer back; undefined: nobody listens. */
  #arrive(
    member: NodeId,
    call: { readonly method: string; readonly body: Uint8Array; readonly callId: string },
    back: (result: { code: number; message: string; body: Uint8Array } | undefined) => void,
  ): void {
    const { cluster, open } = this.ports;
    const host = cluster.host(member);
    if (host === undefined || host.down) {
      back(undefined);
      return;
    }
    host.deliver(this.name, (object) => {
      const session = host.sessionOf(object);
      open.set(object, (open.get(object) ?? 0) + 1);
      void object.call(call.method, call.body, call.callId).then((result) => {
        session?.output(() => {
          open.set(object, (open.get(object) ?? 0) - 1);
          cluster.network.datagram(member, this.name, () => {
            back(result);
          });
        });
      });
    });
  }
}

const REFUSED = 'connection refused';
