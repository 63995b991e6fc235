/** The production member on the simulated platform: its ports, and the way in for events. */
import { PEER_PROTOCOL_VERSION } from '../../src/constants.ts';
import type { ClusterConfig, Self } from '../../src/member/cluster-config.ts';
import { Member } from '../../src/member/member.ts';
import { PEER_HEADERS, PEER_REMOVED_CLOSE_CODE } from '../../src/member/peer-protocol.ts';
import { PeerReceiver } from '../../src/member/peer-receiver.ts';
import type { PeerAddress, Transport } from '../../src/member/ports.ts';
import type { CallOptions, CallResult } from '../../src/member/rpc.ts';
import { MemberService } from '../../src/member/service.ts';
import type { Prng } from '../../src/lib/prng.ts';
import type { NodeId } from '../../src/raft/types.ts';
import type { WatchKind } from '../../src/member/watch-bridge.ts';
import type { WatchConnection } from '../../src/member/watch-connection.ts';
import type { WatchSocket } from '../../src/member/watch-receivers.ts';
import type { DiskSession } from './disk-session.ts';
import type { HeldSocket, Living, ObjectHost, SimulatedObject } from './host.ts';
import type { Observer } from './observer.ts';
import type { World } from './world.ts';

/** How a member begins what it says about storage that does not hold what was written. */
const DAMAGE = 'storage is damaged';

/** What every peer request says about itself. */
export type PeerHeaders = Readonly<Record<string, string>>;

/** HTTP status of the refusal that tells the sender that it was removed. */
const GONE = 410;

/** The other objects, as a transport reaches them. */
export interface Neighbourhood {
  host(id: NodeId): ObjectHost<SimulatedMember> | undefined;
  /** The object behind an address; undefined when there is none. */
  reach(address: PeerAddress): ObjectHost<SimulatedMember> | undefined;
}

/** A client's socket that carries a watch stream, as its member sees it. */
export interface MemberSocket extends WatchSocket, HeldSocket {
  readonly kind: WatchKind;
  readonly needsLeader: boolean;
  readonly attachment: Uint8Array | undefined;
  /** It was closed before it was accepted. */
  readonly isGone: boolean;
  /** From now on what is sent waits for the writes of `session`. */
  heldBy(session: DiskSession): void;
}

export class SimulatedMember implements SimulatedObject {
  readonly member: Member;
  readonly #session: DiskSession;
  readonly #watches = new Map<HeldSocket, WatchConnection>();
  readonly #service: MemberService;
  readonly #receiver: PeerReceiver;
  /** What each peer said of itself last. */
  readonly #met = new Map<NodeId, PeerHeaders>();

  constructor(member: Member, session: DiskSession) {
    this.member = member;
    this.#session = session;
    this.#service = new MemberService(member);
    this.#receiver = new PeerReceiver(member, '');
  }

  /** The headers of what a peer sends: HTTP status of a refusal, or undefined. */
  greet(headers: PeerHeaders): number | undefined {
    const header = (name: string): string | null => headers[name] ?? null;
    const refusal = this.#receiver.refuse(header);
    if (refusal !== undefined) return refusal.status;
    // The same object again comes over the same connection: it says nothing new.
    const from = header(PEER_HEADERS.from) ?? '';
    if (this.#met.get(from) === headers) return undefined;
    this.#met.set(from, headers);
    this.#receiver.meet(header);
    return undefined;
  }

  receive(_from: NodeId, frame: Uint8Array): void {
    this.#receiver.frame(frame, (code, reason) => {
      // It is told by the answer to its next frame, which carries its headers here.
      if (code === PEER_REMOVED_CLOSE_CODE) return;
      throw new Error(`a frame of another member was refused: ${reason}`);
    });
  }

  async answer(_from: NodeId, path: string, body: Uint8Array): Promise<Uint8Array> {
    const { status, body: answer } = await this.#receiver.handle(path, body);
    if (status !== 200) throw new Error(`status ${status}: ${String(answer)}`);
    return typeof answer === 'string' ? new Uint8Array(0) : answer;
  }

  call(
    method: string,
    body: Uint8Array,
    callId?: string,
    options: CallOptions = {},
  ): Promise<CallResult> {
    return this.#service.call(method, body, options, callId);
  }

  /** The caller of a call that may wait is gone. */
  cancel(callId: string): void {
    void this.#service.cancel(callId);
  }

  alarm(): void {
    this.member.alarm();
  }

  /** As durable/watch-sockets.ts does it, also when there are none. */
  adopt(sockets: readonly HeldSocket[]): void {
    const kept = sockets as readonly MemberSocket[];
    for (const socket of kept) socket.heldBy(this.#session);
    const connections = this.member.watch.restore(
      kept.map((socket) => ({ socket, attachment: socket.attachment })),
    );
    kept.forEach((socket, index) => {
      const connection = connections[index];
      if (connection !== undefined) this.#watches.set(socket, connection);
    });
  }

  /** Opens a watch stream over `socket`, which the host holds for this instance. */
  async accept(socket: MemberSocket): Promise<void> {
    await this.member.watch.current();
    if (socket.isGone) return;
    socket.heldBy(this.#session);
    const { kind, needsLeader } = socket;
    this.#watches.set(socket, this.member.watch.open(kind, socket, needsLeader));
  }

  socketMessage(socket: HeldSocket, data: string | Uint8Array): void {
    this.#watches.get(socket)?.message(data);
  }

  socketClosed(socket: HeldSocket): void {
    this.#watches.get(socket)?.closed();
    this.#watches.delete(socket);
  }
}

export interface MemberSetup {
  readonly world: World;
  readonly config: ClusterConfig;
  readonly self: Self;
  readonly random: Prng;
  readonly observer: Observer;
  readonly neighbourhood: Neighbourhood;
  readonly abandon: (living: Omit<Living<SimulatedMember>, 'instance'>, reason: unknown) => void;
}

export function buildMember(
  setup: MemberSetup,
  living: Omit<Living<SimulatedMember>, 'instance'>,
): SimulatedMember {
  const { world, config, self, random, observer } = setup;
  const { session, clock } = living;
  const member = Member.open(config, self, {
    rows: session,
    clock,
    random,
    transport: new SimulatedTransport(setup, living),
    log: {
      info: (text, fields) => {
        if (world.tracing) world.trace(self.id, `${text} ${JSON.stringify(fields ?? {})}`);
      },
      warn: (text, fields) => {
        if (!world.tracing && !text.startsWith(DAMAGE)) return;
        const line = `${text} ${JSON.stringify(fields ?? {})}`;
        world.trace(self.id, line);
        // A member mends itself after damage; but nobody has damaged this one.
        if (text.startsWith(DAMAGE) && setup.neighbourhood.host(self.id)?.damaged === false) {
          world.fail('no unexpected error', line, self.id);
        }
      },
    },
    abandon: (reason) => {
      setup.abandon(living, reason);
    },
  });
  observer.follow(self.id, member.state, session);
  return new SimulatedMember(member, session);
}

class SimulatedTransport implements Transport {
  readonly #setup: MemberSetup;
  readonly #living: Omit<Living<SimulatedMember>, 'instance'>;
  /** By receiver: what this instance says of itself. */
  readonly #said = new Map<NodeId, PeerHeaders>();

  constructor(setup: MemberSetup, living: Omit<Living<SimulatedMember>, 'instance'>) {
    this.#setup = setup;
    this.#living = living;
  }

  send(to: PeerAddress, frame: Uint8Array): boolean {
    const { world, self, observer, neighbourhood } = this.#setup;
    if (world.network.knownDown(self.id, to.id)) return false;
    const headers = this.#headers(to);
    this.#living.session.output(() => {
      const proposes = observer.frame(self.id, frame, this.#living.session);
      world.network.stream(self.id, to.id, proposes, () => {
        const host = neighbourhood.reach(to);
        host?.deliver(self.id, (object) => {
          const session = host.sessionOf(object);
          if (!this.#refused(object.greet(headers), to.id, session)) {
            object.receive(self.id, frame);
          }
        });
      });
    });
    return true;
  }

  request(to: PeerAddress, path: string, body: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    const { world, self } = this.#setup;
    const bytes = body.slice();
    const headers = this.#headers(to);
    return new Promise((resolve, reject) => {
      const timeout = world.scheduler.after(timeoutMs, () => {
        if (this.#living.alive) reject(new Error(`request ${path} to ${to.id}: timed out`));
      });
      const settle = (finish: () => void): void => {
        world.scheduler.cancel(timeout);
        if (this.#living.alive) finish();
      };
      this.#living.session.output(() => {
        world.network.datagram(self.id, to.id, () => {
          this.#arrive({ to, headers, path, body: bytes }, (answer) => {
            settle(() => {
              if (answer instanceof Error) reject(answer);
              else resolve(answer);
            });
          });
        });
      });
    });
  }

  quiet(): void {
    // Simulated links hold no sockets that would have to be closed.
  }

  #headers(to: PeerAddress): PeerHeaders {
    const { config, self, neighbourhood } = this.#setup;
    const member = neighbourhood.host(self.id)?.current?.instance.member;
    const fromUrls = (member?.addressOf(self.id)?.peerUrls ?? []).join();
    const said = this.#said.get(to.id);
    if (said?.[PEER_HEADERS.fromUrls] === fromUrls) return said;
    const headers: PeerHeaders = {
      [PEER_HEADERS.secret]: '',
      [PEER_HEADERS.version]: String(PEER_PROTOCOL_VERSION),
      [PEER_HEADERS.cluster]: config.id,
      [PEER_HEADERS.from]: self.id,
      [PEER_HEADERS.fromUrls]: fromUrls,
      [PEER_HEADERS.to]: to.id,
    };
    this.#said.set(to.id, headers);
    return headers;
  }

  /** Was it refused? News of the sender's removal goes back to it, past the output gate of who refused. */
  #refused(status: number | undefined, by: NodeId, session: DiskSession | undefined): boolean {
    const { world, self, neighbourhood } = this.#setup;
    if (status === GONE) {
      session?.output(() => {
        world.network.datagram(by, self.id, () => {
          if (!this.#living.alive) return;
          neighbourhood.host(self.id)?.deliver(by, (object) => {
            object.member.removedByOthers();
          });
        });
      });
    }
    return status !== undefined;
  }

  /** At the receiver: answers, behind its own output gate, over the network. */
  #arrive(
    request: {
      readonly to: PeerAddress;
      readonly headers: PeerHeaders;
      readonly path: string;
      readonly body: Uint8Array;
    },
    back: (answer: Uint8Array | Error) => void,
  ): void {
    const { world, self, neighbourhood } = this.#setup;
    const { to, headers, path, body } = request;
    const host = neighbourhood.reach(to);
    host?.deliver(self.id, (object) => {
      const session = host.sessionOf(object);
      const reply = (answer: Uint8Array | Error): void => {
        session?.output(() => {
          world.network.datagram(to.id, self.id, () => {
            back(answer);
          });
        });
      };
      const status = object.greet(headers);
      if (this.#refused(status, to.id, session)) {
        reply(new Error(`status ${status}`));
        return;
      }
      object.answer(self.id, path, body).then(reply, (error: unknown) => {
        reply(error instanceof Error ? error : new Error(String(error)));
      });
    });
  }
}
