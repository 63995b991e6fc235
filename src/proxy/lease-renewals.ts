/**
 * Streams of lease renewals that outlive the session below them: a renewal may be repeated, so one that was
 * not answered is asked again at the next endpoint. Renewals of one lease by many clients can share one.
 */
import { Code } from '../api/errors.ts';
import { LeaseKeepAliveRequest, LeaseKeepAliveResponse, toBigInt } from '../api/messages.ts';
import type { CallHandlers, CallOptions, Channel, ClientCall, Status } from '../client/channel.ts';
import { PROXY_RENEWAL_PAUSE_MS, PROXY_RENEWAL_TIMEOUT_MS } from '../constants.ts';
import { metadataKey } from './metadata-key.ts';

const METHOD = 'etcdserverpb.Lease/LeaseKeepAlive';
const OK: Status = { code: Code.OK, message: '' };

/** Everything but renewals goes on to `channel` as it is. */
export function withLastingRenewals(channel: Channel, coalesce: boolean): Channel {
  /** By metadata: who may do what is told by it. */
  const shared = new Map<string, Renewals>();
  return {
    open(method: string, options: CallOptions, handlers: CallHandlers): ClientCall {
      if (method !== METHOD) return channel.open(method, options, handlers);
      if (!coalesce) return new RenewingCall(new Renewals(channel, options), handlers);
      const key = metadataKey(options.metadata);
      const renewals = shared.get(key) ?? new Renewals(channel, options, () => shared.delete(key));
      shared.set(key, renewals);
      return new RenewingCall(renewals, handlers);
    },
    close: () => channel.close(),
  };
}

/** Renewals of one lease. */
interface LeaseWaiters {
  /** Get the answer to the request that is under way. */
  current: RenewingCall[];
  /** Asked since that left: an answer to it may be older than their question. */
  next: RenewingCall[];
}

/** One stream to the cluster, begun anew when it is lost, for one client or many. */
class Renewals {
  readonly #channel: Channel;
  readonly #options: CallOptions;
  readonly #unused: () => void;
  readonly #calls = new Set<RenewingCall>();
  /** By lease id. Only leases with a request under way are here. */
  readonly #leases = new Map<bigint, LeaseWaiters>();
  #upstream: ClientCall | undefined;
  /** Since when requests under way have not been answered for want of a stream. */
  #lostMs: number | undefined;

  /** @param unused called when the last call has left */
  constructor(channel: Channel, options: CallOptions, unused: () => void = () => undefined) {
    this.#channel = channel;
    this.#options = options;
    this.#unused = unused;
  }

  join(call: RenewingCall): void {
    this.#calls.add(call);
  }

  leave(call: RenewingCall): void {
    if (!this.#calls.delete(call) || this.#calls.size > 0) return;
    this.#upstream?.cancel();
    this.#upstream = undefined;
    this.#leases.clear();
    this.#unused();
  }

  renew(call: RenewingCall, body: Uint8Array): void {
    const id = toBigInt(LeaseKeepAliveRequest.decode(body).ID);
    const waiters = this.#leases.get(id);
    if (waiters !== undefined) {
      waiters.next.push(call);
      return;
    }
    this.#leases.set(id, { current: [call], next: [] });
    this.#ask(id);
  }

  #ask(id: bigint): void {
    // While a stream is looked for, what is asked leaves with the rest.
    if (this.#upstream === undefined && this.#lostMs !== undefined) return;
    this.#upstream ??= this.#open();
    this.#upstream.send(LeaseKeepAliveRequest.encode({ ID: id }).finish());
  }

  #open(): ClientCall {
    const { metadata } = this.#options;
    const call: ClientCall = this.#channel.open(
      METHOD,
      metadata === undefined ? {} : { metadata },
      {
        onMessage: (body) => this.#answered(body),
        onEnd: (status) => {
          if (this.#upstream === call) this.#ended(status);
        },
      },
    );
    return call;
  }

  #answered(body: Uint8Array): void {
    this.#lostMs = undefined;
    const id = toBigInt(LeaseKeepAliveResponse.decode(body).ID);
    const waiters = this.#leases.get(id);
    if (waiters === undefined) return;
    for (const call of waiters.current) call.answered(body);
    if (waiters.next.length === 0) {
      this.#leases.delete(id);
      return;
    }
    waiters.current = waiters.next;
    waiters.next = [];
    this.#ask(id);
  }

  #ended(status: Status): void {
    this.#upstream = undefined;
    if (!isLoss(status)) {
      for (const call of [...this.#calls]) call.ended(status);
      return;
    }
    // Without anything under way the next renewal opens the next stream.
    if (this.#leases.size === 0) return;
    const nowMs = performance.now();
    this.#lostMs ??= nowMs;
    if (nowMs - this.#lostMs > PROXY_RENEWAL_TIMEOUT_MS) {
      this.#lostMs = undefined;
      this.#leases.clear();
      for (const call of [...this.#calls]) call.ended(status);
      return;
    }
    setTimeout(() => this.#repeat(), PROXY_RENEWAL_PAUSE_MS);
  }

  #repeat(): void {
    if (this.#calls.size === 0 || this.#upstream !== undefined) return;
    this.#upstream = this.#open();
    for (const id of this.#leases.keys()) {
      this.#upstream.send(LeaseKeepAliveRequest.encode({ ID: id }).finish());
    }
    for (const waiters of this.#leases.values()) {
      waiters.current.push(...waiters.next);
      waiters.next = [];
    }
  }
}

/** Did the way to the cluster break, rather than the cluster refuse? */
function isLoss({ code, message, lost }: Status): boolean {
  return lost !== undefined || (code === Code.Unavailable && !message.startsWith('etcdserver:'));
}

/** One client's stream. */
class RenewingCall implements ClientCall {
  readonly unsentBytes = 0;
  readonly #renewals: Renewals;
  readonly #handlers: CallHandlers;
  /** Requests without an answer yet. */
  #waiting = 0;
  #halfClosed = false;
  #isOver = false;

  constructor(renewals: Renewals, handlers: CallHandlers) {
    this.#renewals = renewals;
    this.#handlers = handlers;
    renewals.join(this);
  }

  send(body: Uint8Array): void {
    if (this.#isOver) return;
    this.#waiting++;
    this.#renewals.renew(this, body);
  }

  halfClose(): void {
    this.#halfClosed = true;
    if (this.#waiting === 0) queueMicrotask(() => this.ended(OK));
  }

  cancel(): void {
    queueMicrotask(() => this.ended({ code: Code.Canceled, message: 'context canceled' }));
    this.#renewals.leave(this);
  }

  pause(): void {
    // A client gets no more answers than it asks for.
  }

  resume(): void {
    // Nothing was paused.
  }

  answered(body: Uint8Array): void {
    if (this.#isOver) return;
    this.#waiting--;
    this.#handlers.onMessage(body);
    if (this.#halfClosed && this.#waiting === 0) this.ended(OK);
  }

  ended(status: Status): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#renewals.leave(this);
    this.#handlers.onEnd(status, []);
  }
}
