/** Members that live in one process: real members, storage in memory, a network that tests can cut. */
import { parseCluster, type ClusterConfig } from '../../../src/member/cluster-config.ts';
import { Member } from '../../../src/member/member.ts';
import type { Identity } from '../../../src/member/identity.ts';
import { siblingName } from '../../../src/member/peer-url.ts';
import { PEER_HEADERS } from '../../../src/member/peer-protocol.ts';
import { PeerReceiver } from '../../../src/member/peer-receiver.ts';
import type { MemberSettings, PeerAddress, Transport } from '../../../src/member/ports.ts';
import { MemberService } from '../../../src/member/service.ts';
import { PEER_PROTOCOL_VERSION } from '../../../src/constants.ts';
import { Prng } from '../../../src/lib/prng.ts';
import { MemoryRowStore } from '../../support/memory-row-store.ts';
import { ManualClock } from './manual-clock.ts';

export const SECRET = 'secret';

export interface Host {
  readonly name: string;
  readonly rows: MemoryRowStore;
  readonly member: Member;
  readonly service: MemberService;
  readonly receiver: PeerReceiver;
  readonly lines: string[];
  /** Reasons for which the member asked to be dropped. */
  readonly abandoned: unknown[];
}

export class World {
  readonly clock = new ManualClock();
  readonly config: ClusterConfig;
  readonly hosts = new Map<string, Host>();
  /** Members that neither send nor receive, by name. */
  readonly cut = new Set<string>();
  /** One way between two members, by name. */
  delayMs: (from: string, to: string) => number = () => 1;
  /** Members-to-be: their objects start when a peer first addresses them. */
  readonly objects = new Set<string>();
  /** Members with a stream to a peer open, by name: they cannot be put to sleep. */
  readonly streaming = new Set<string>();
  readonly #random = new Prng(1);

  readonly settings: MemberSettings;

  constructor(members: string, settings: MemberSettings = {}) {
    this.settings = settings;
    this.config = parseCluster('test', members);
    for (const { name } of this.config.members) this.start(name, new MemoryRowStore());
  }

  start(name: string, rows: MemoryRowStore, joinAs?: Identity): Host {
    const self =
      this.config.members.find((member) => member.name === name) ??
      (joinAs === undefined ? undefined : { ...joinAs, region: undefined });
    if (self === undefined) throw new Error(`start ${name}: no such member`);
    const config = joinAs === undefined ? this.config : { ...this.config, id: joinAs.clusterId };
    const lines: string[] = [];
    const abandoned: unknown[] = [];
    const note = (text: string, fields?: Readonly<Record<string, unknown>>): void =>
      void lines.push(`${text} ${JSON.stringify(fields ?? {})}`);
    const member = Member.open(config, self, {
      rows,
      clock: this.clock,
      random: {
        below: (bound) => this.#random.below(bound),
        bytes: (count) => this.#random.bytes(count),
      },
      transport: this.#transport(name),
      log: { info: note, warn: note },
      abandon: (reason) => void abandoned.push(reason),
      settings: this.settings,
    });
    const service = new MemberService(member);
    const receiver = new PeerReceiver(member, SECRET);
    const host = { name, rows, member, service, receiver, lines, abandoned };
    this.hosts.set(name, host);
    return host;
  }

  host(name: string): Host {
    const host = this.hosts.get(name);
    if (host === undefined) throw new Error(`find ${name}: no such member`);
    return host;
  }

  /** Advances until there is a leader that all members know. */
  async elect(): Promise<Host> {
    const [first] = this.hosts.values();
    first?.member.linearizable().catch(() => undefined);
    for (let tries = 0; tries < 200; tries++) {
      await this.clock.advance(100);
      const [name, ...others] = new Set([...this.hosts.values()].map((h) => h.member.leaderName));
      if (name !== undefined && others.length === 0) return this.host(name);
    }
    throw new Error('elect: no leader after 20 s');
  }

  /** Answers `pending` while time passes. */
  async settled<T>(pending: Promise<T>, limitMs = 20_000): Promise<T> {
    const progress = { done: false };
    const finish = (): void => {
      progress.done = true;
    };
    pending.then(finish, finish);
    for (let ms = 0; !progress.done && ms < limitMs; ms += 10) await this.clock.advance(10);
    return pending;
  }

  /** The headers that `from` sends along with a request to `to`. */
  headers(from: string, to: string): Record<string, string> {
    return {
      [PEER_HEADERS.secret]: SECRET,
      [PEER_HEADERS.version]: String(PEER_PROTOCOL_VERSION),
      [PEER_HEADERS.cluster]: this.host(from).member.config.id,
      [PEER_HEADERS.from]: this.host(from).member.self.id,
      [PEER_HEADERS.to]: this.host(to).member.self.id,
    };
  }

  #join(from: string, to: PeerAddress): Host | undefined {
    const name = to.peerUrls.map(siblingName).find((each) => each !== undefined) ?? '';
    if (!this.objects.delete(name)) return undefined;
    const clusterId = this.host(from).member.config.id;
    return this.start(name, new MemoryRowStore(), { clusterId, id: to.id, name });
  }

  #transport(from: string): Transport {
    const reach = (to: PeerAddress): Host | undefined => {
      const host =
        [...this.hosts.values()].find(({ member }) => member.self.id === to.id) ??
        this.#join(from, to);
      if (host === undefined || this.cut.has(from) || this.cut.has(host.name)) return undefined;
      const sender = this.host(from);
      const headers: Record<string, string> = {
        ...this.headers(from, host.name),
        [PEER_HEADERS.fromUrls]: (
          sender.member.addressOf(sender.member.self.id)?.peerUrls ?? []
        ).join(),
      };
      const header = (name: string): string | null => headers[name] ?? null;
      const refusal = host.receiver.refuse(header);
      if (refusal?.status === 410) this.clock.setTimer(0, () => sender.member.removedByOthers());
      if (refusal !== undefined) return undefined;
      host.receiver.meet(header);
      return host;
    };
    const delayMs = (to: PeerAddress): number => {
      const host = [...this.hosts.values()].find(({ member }) => member.self.id === to.id);
      return this.delayMs(from, host?.name ?? from);
    };
    return {
      send: (to, frame) => {
        if (reach(to) === undefined) return false;
        this.streaming.add(from);
        const copy = frame.slice();
        this.clock.setTimer(delayMs(to), () => reach(to)?.receiver.frame(copy, () => undefined));
        return true;
      },
      request: async (to, path, body) => {
        const travelled = (ms: number): Promise<void> =>
          new Promise((resolve) => void this.clock.setTimer(ms, resolve));
        await travelled(delayMs(to));
        const host = reach(to);
        if (host === undefined) throw new Error(`${to.id} cannot be reached`);
        const answer = await Promise.resolve(host.receiver.handle(path, body.slice()));
        if (delayMs(to) > 1) await travelled(delayMs(to));
        if (answer.status === 200 && typeof answer.body !== 'string') return answer.body;
        throw new Error(`status ${answer.status}: ${String(answer.body)}`);
      },
      quiet: () => void this.streaming.delete(from),
    };
  }
}
