/** The production member on the simulated platform: its ports, and the way in for events. */
import type { ClusterConfig, ConfiguredMember } from '../../src/member/cluster-config.ts';
import { Member } from '../../src/member/member.ts';
import { PeerReceiver } from '../../src/member/peer-receiver.ts';
import type { PeerAddress, Transport } from '../../src/member/ports.ts';
import type { CallResult } from '../../src/member/rpc.ts';
import { MemberService } from '../../src/member/service.ts';
import type { Prng } from '../../src/lib/prng.ts';
import type { NodeId } from '../../src/raft/types.ts';
import type { Living, ObjectHost, SimulatedObject } from './host.ts';
import type { Observer } from './observer.ts';
import type { World } from './world.ts';

/** How a member begins what it says about storage that does not hold what was written. */
const DAMAGE = 'storage is damaged';

/** The other objects, as a transport reaches them. */
export interface Neighbourhood {
  host(id: NodeId): ObjectHost<SimulatedMember> | undefined;
}

export class SimulatedMember implements SimulatedObject {
  readonly member: Member;
  readonly #service: MemberService;
  readonly #receiver: PeerReceiver;

  constructor(member: Member) {
    this.member = member;
    this.#service = new MemberService(member);
    this.#receiver = new PeerReceiver(member, '');
  }

  receive(_from: NodeId, frame: Uint8Array): void {
    this.#receiver.frame(frame, (reason) => {
      throw new Error(`a frame of another member was refused: ${reason}`);
    });
  }

  async answer(_from: NodeId, path: string, body: Uint8Array): Promise<Uint8Array> {
    const { status, body: answer } = await this.#receiver.handle(path, body);
    if (status !== 200) throw new Error(`status ${status}: ${String(answer)}`);
    return typeof answer === 'string' ? new Uint8Array(0) : answer;
  }

  call(method: string, body: Uint8Array, callId?: string): Promise<CallResult> {
    return this.#service.call(method, body, callId);
  }

  /** The caller of a call that may wait is gone. */
  cancel(callId: string): void {
    void this.#service.cancel(callId);
  }

  alarm(): void {
    this.member.alarm();
  }
}

export interface MemberSetup {
  readonly world: World;
  readonly config: ClusterConfig;
  readonly self: ConfiguredMember;
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
        world.trace(self.id, `${text} ${JSON.stringify(fields ?? {})}`);
      },
      warn: (text, fields) => {
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
  return new SimulatedMember(member);
}

class SimulatedTransport implements Transport {
  readonly #setup: MemberSetup;
  readonly #living: Omit<Living<SimulatedMember>, 'instance'>;

  constructor(setup: MemberSetup, living: Omit<Living<SimulatedMember>, 'instance'>) {
    this.#setup = setup;
    this.#living = living;
  }

  send(to: PeerAddress, frame: Uint8Array): boolean {
    const { world, self, observer, neighbourhood } = this.#setup;
    if (world.network.knownDown(self.id, to.id)) return false;
    const bytes = frame.slice();
    this.#living.session.output(() => {
      const proposes = observer.frame(self.id, bytes);
      world.network.stream(self.id, to.id, proposes, () => {
        neighbourhood.host(to.id)?.deliver(self.id, (object) => {
          object.receive(self.id, bytes);
        });
      });
    });
    return true;
  }

  request(to: PeerAddress, path: string, body: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    const { world, self } = this.#setup;
    const bytes = body.slice();
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
          this.#arrive(to.id, path, bytes, (answer) => {
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

  /** At the receiver: answers, behind its own output gate, over the network. */
  #arrive(
    to: NodeId,
    path: string,
    body: Uint8Array,
    back: (answer: Uint8Array | Error) => void,
  ): void {
    const { world, self, neighbourhood } = this.#setup;
    const host = neighbourhood.host(to);
    host?.deliver(self.id, (object) => {
      const session = host.sessionOf(object);
      const reply = (answer: Uint8Array | Error): void => {
        session?.output(() => {
          world.network.datagram(to, self.id, () => {
            back(answer);
          });
        });
      };
      object.answer(self.id, path, body).then(reply, (error: unknown) => {
        reply(error instanceof Error ? error : new Error(String(error)));
      });
    });
  }
}
