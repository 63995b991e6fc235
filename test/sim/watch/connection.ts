/**
 * A WebSocket between a client and a member's object: frames in order, in both directions, until it is
 * closed, breaks, or the instance that holds it is gone. What a client has not read stays buffered.
 */
import { CLOSE, type Close } from '../../../src/api/close-codes.ts';
import type { Prng } from '../../../src/lib/prng.ts';
import type { WatchKind } from '../../../src/member/watch-bridge.ts';
import type { NodeId } from '../../../src/raft/types.ts';
import type { SimulatedCluster } from '../cluster.ts';
import type { DiskSession } from '../disk-session.ts';
import type { MemberSocket } from '../simulated-member.ts';
import { isBrittle } from './brittle.ts';

/** A connection that breaks says so to nobody; until a side finds out this much may pass. */
const BREAK_KNOWN_MS_MAX = 1_500;
/** The close code of a connection that ended without one. */
export const ABNORMAL = 1006;
/** Of the frames of a connection fewer are lost than of single messages: transports repeat them. */
const BREAKS_PER_LOSS = 0.05;
/** For each frame, in runs whose connections are brittle. */
const BRITTLE_BREAK_CHANCE = 0.01;

/** What a client hears of its connection. */
export interface ClientEnd {
  opened(): void;
  message(data: string | Uint8Array): void;
  /** Nothing follows. */
  closed(code: number): void;
}

export interface Dial {
  readonly cluster: SimulatedCluster;
  readonly client: string;
  readonly member: NodeId;
  readonly kind: WatchKind;
  readonly needsLeader: boolean;
  readonly prng: Prng;
  /** What is on its way beyond this counts as buffered at the object. */
  readonly windowBytes: number;
}

/** What a client does with its connection. */
export interface ClientSide {
  /** It is whole, nothing is under way in either direction, and the client reads. */
  readonly isQuiet: boolean;
  sendUp(text: string): void;
  pause(): void;
  resume(): void;
  hangUp(politely: boolean): void;
  /** Nothing gets through any more; both sides find out some time. */
  breaks(): void;
}

export class Connection implements MemberSocket, ClientSide {
  readonly kind: WatchKind;
  readonly needsLeader: boolean;
  attachment: Uint8Array | undefined;
  readonly #dial: Dial;
  readonly #end: ClientEnd;
  #session: DiskSession | undefined;
  /** When the last frame of each direction arrives. */
  #downMs = 0;
  #upMs = 0;
  #unreadBytes = 0;
  /** Frames that arrived while the client does not read. Undefined: it reads. */
  #inbox: (() => void)[] | undefined;
  /** Frames that one side has sent and the other has not taken, those that wait for a write included. */
  #underWay = 0;
  /** What is under way arrives no more. */
  #broken = false;
  /** A frame that breaks the connection does so where it would have arrived: those before it are not lost. */
  readonly #isBrittle: boolean;
  #objectClosed = false;
  /** The object's end is past the output gate, or the object heard of the client's. */
  #isEndSent = false;
  #clientClosed = false;

  /** Dials. The client hears `opened`, or `closed` when nobody listens; maybe neither. */
  constructor(dial: Dial, end: ClientEnd) {
    this.kind = dial.kind;
    this.needsLeader = dial.needsLeader;
    this.#dial = dial;
    this.#end = end;
    this.#isBrittle = isBrittle(dial.cluster.options.seed);
    const { cluster, client, member } = dial;
    cluster.network.datagram(client, member, () => {
      const host = cluster.host(member);
      if (host === undefined || host.down || this.#clientClosed) {
        this.#closeClient(ABNORMAL);
        return;
      }
      host.deliver(client, (object) => {
        host.hold(object, this);
        void object.accept(this).then(() => {
          if (this.#objectClosed) return;
          this.#down(() => {
            this.#end.opened();
          }, 0);
        });
      });
    });
  }

  // The object's end.

  get bufferedBytes(): number {
    return Math.max(0, this.#unreadBytes - this.#dial.windowBytes);
  }

  get isGone(): boolean {
    return this.#objectClosed;
  }

  heldBy(session: DiskSession): void {
    this.#session = session;
  }

  send(data: string | Uint8Array): void {
    if (this.#objectClosed) return;
    this.#down(() => {
      this.#end.message(data);
    }, data.length);
  }

  close({ code }: Close): void {
    if (this.#objectClosed) return;
    this.#objectClosed = true;
    this.#down(() => {
      this.#closeClient(code);
    }, 0);
    const drop = (): void => {
      this.#isEndSent = true;
      this.#dial.cluster.host(this.#dial.member)?.drop(this);
    };
    if (this.#session === undefined) drop();
    else this.#session.output(drop);
  }

  attach(state: Uint8Array): void {
    this.attachment = state.slice();
  }

  lost(): void {
    // An end that the output gate held back goes with the instance, as all it held back does.
    if (this.#isEndSent) return;
    this.#isEndSent = true;
    this.#objectClosed = true;
    // What has left arrives all the same, then the end.
    const { cluster, prng } = this.#dial;
    const atMs = Math.max(this.#downMs, cluster.scheduler.nowMs + 300 * prng.float());
    this.#downMs = atMs;
    cluster.scheduler.at(atMs, () => {
      this.#take(() => {
        this.#closeClient(ABNORMAL);
      });
    });
  }

  // The client's end.

  get isQuiet(): boolean {
    // A client that has not found out yet that its connection is dead will be told nothing more.
    const isWhole = !this.#broken && !this.#objectClosed;
    return isWhole && this.#inbox === undefined && this.#underWay === 0;
  }

  sendUp(data: string | Uint8Array): void {
    if (this.#clientClosed) return;
    this.#up((object) => {
      object.socketMessage(this, data);
    });
  }

  pause(): void {
    this.#inbox ??= [];
  }

  resume(): void {
    const inbox = this.#inbox ?? [];
    this.#inbox = undefined;
    for (const frame of inbox) if (!this.#clientClosed) frame();
  }

  /** The platform answers a ping for the object, which may sleep on. */
  ping(pong: () => void): void {
    this.#upMs = this.#transfer(this.#upMs, true, () => {
      if (this.#objectClosed) return;
      this.#downMs = this.#transfer(this.#downMs, false, () => {
        this.#take(pong);
      });
    });
  }

  hangUp(politely: boolean): void {
    if (this.#clientClosed) return;
    this.#clientClosed = true;
    if (politely) this.#tellObject();
    else this.breaks();
  }

  breaks(): void {
    if (this.#broken) return;
    this.#broken = true;
    const { cluster, prng } = this.#dial;
    cluster.scheduler.after(BREAK_KNOWN_MS_MAX * prng.float(), () => {
      this.#closeClient(ABNORMAL);
    });
    cluster.scheduler.after(BREAK_KNOWN_MS_MAX * prng.float(), () => {
      this.#closeObject();
    });
  }

  #tellObject(): void {
    this.#up(() => {
      this.#closeObject();
    });
  }

  #closeObject(): void {
    if (this.#objectClosed) return;
    this.#objectClosed = true;
    this.#isEndSent = true;
    this.#dial.cluster.host(this.#dial.member)?.closeOver(this, (object) => {
      object.socketClosed(this);
    });
  }

  #closeClient(code: number): void {
    if (this.#clientClosed) return;
    this.#clientClosed = true;
    this.#inbox = undefined;
    this.#end.closed(code);
  }

  /** Past the output gate, then over the network, in order. */
  #down(deliver: () => void, bytes: number): void {
    this.#unreadBytes += bytes;
    this.#underWay++;
    this.#session?.output(() => {
      this.#downMs = this.#transfer(this.#downMs, false, () => {
        this.#take(() => {
          this.#underWay--;
          this.#unreadBytes -= bytes;
          deliver();
        });
      });
    });
  }

  #take(frame: () => void): void {
    if (this.#clientClosed) return;
    if (this.#inbox === undefined) frame();
    else this.#inbox.push(frame);
  }

  #up(task: Parameters<NonNullable<ReturnType<SimulatedCluster['host']>>['deliverOver']>[1]): void {
    this.#underWay++;
    this.#upMs = this.#transfer(this.#upMs, true, () => {
      this.#underWay--;
      if (!this.#objectClosed) this.#dial.cluster.host(this.#dial.member)?.deliverOver(this, task);
    });
  }

  #breakChance(): number {
    const { cluster } = this.#dial;
    if (this.#isBrittle && cluster.faulty) return BRITTLE_BREAK_CHANCE;
    return cluster.network.options.loss * BREAKS_PER_LOSS;
  }

  /** Returns when the frame arrives. */
  #transfer(lastMs: number, isUp: boolean, arrive: () => void): number {
    const { client, member, cluster, prng } = this.#dial;
    const { network, scheduler } = cluster;
    const breaks = prng.bool(this.#breakChance());
    if (breaks && !this.#isBrittle) this.breaks();
    const [from, to] = isUp ? [client, member] : [member, client];
    const atMs = Math.max(lastMs, scheduler.nowMs + network.delayMs(from, to));
    scheduler.at(atMs, () => {
      if (breaks) this.breaks();
      if (!this.#broken) arrive();
    });
    return atMs;
  }
}

/** Codes after which a client goes on with a new connection (close-codes.ts says which). */
export function mayResume(code: number): boolean {
  const resumable: readonly number[] = [CLOSE.RESTART.code, CLOSE.TRY_AGAIN.code, ABNORMAL];
  return resumable.includes(code);
}
