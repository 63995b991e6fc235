/**
 * Clusters driven by text: each command of a script answers with a trace. A script file is a list of
 * `command`, a line `----`, the expected trace; see testdata/*.txt for the commands in use.
 */
import {
  describeData,
  describeId,
  describeReady,
  describeStatus,
} from '../../../src/raft/describe.ts';
import { describeEntry, describeMessage } from '../../../src/raft/describe.ts';
import { decodeConfChange } from '../../../src/raft/codec.ts';
import { RawNode } from '../../../src/raft/raw-node.ts';
import {
  type ConfChangeStep,
  ConfChangeType,
  type ConfState,
  EntryKind,
  type Message,
  MessageType,
  type NodeId,
  type Ready,
} from '../../../src/raft/types.ts';
import { bytesOf, hexOf } from '../../../src/lib/bytes.ts';
import { emptyLog, id as idOf, type MemoryLog } from './memory-log.ts';

interface Member {
  readonly id: NodeId;
  readonly log: MemoryLog;
  confState: ConfState;
  node: RawNode | undefined;
  constructions: number;
}

type Options = ReadonlyMap<string, string>;
const ROUNDS_MAX = 200;
const TYPE_BY_NAME = new Map<string, MessageType>(Object.entries(MessageType));

export class Interaction {
  readonly #members = new Map<NodeId, Member>();
  #network: Message[] = [];
  /** Cut links as "from to". */
  readonly #cut = new Set<string>();
  #options: Options = new Map();
  #lines: string[] = [];

  /** Runs one command line and returns its trace. */
  run(line: string): string {
    this.#lines = [];
    const words = line.split(/\s+/).filter((word) => word !== '');
    const [command = '', ...rest] = words;
    const options = new Map<string, string>();
    const args: string[] = [];
    for (const word of rest) {
      const [name = '', value] = word.split('=', 2);
      if (value === undefined) args.push(word);
      else options.set(name, value);
    }
    this.#execute(command, args, options);
    if (options.has('quiet')) return 'ok';
    return this.#lines.length === 0 ? 'ok' : this.#lines.join('\n');
  }

  #execute(command: string, args: string[], options: Options): void {
    const member = () => this.#member(args[0]);
    const node = () => this.#node(args[0]);
    switch (command) {
      case 'cluster':
        return this.#cluster(args, options);
      case 'start':
        return this.#start(args, options);
      case 'campaign':
        return node().campaign();
      case 'wake':
        return node().wake();
      case 'tick':
        return this.#tick(args);
      case 'propose':
        for (const data of args.slice(1)) this.#say(node().propose(bytesOf(data)), 'ok');
        return;
      case 'conf-change':
        return this.#confChange(args, options);
      case 'read':
        return node().readIndex(bytesOf(args[1] ?? ''));
      case 'transfer':
        return node().transferLeader(idOf(args[1] ?? ''));
      case 'unreachable':
        return node().reportUnreachable(idOf(args[1] ?? ''));
      case 'snapshot-sent':
        return node().reportSnapshot(idOf(args[1] ?? ''), args[2] !== 'failed');
      case 'ready':
        for (const name of args) this.#ready(this.#member(name));
        return;
      case 'deliver':
        return this.#deliver(args, options);
      case 'drop':
        return this.#drop(args, options);
      case 'stabilize':
        return this.#stabilize(args.map(idOf));
      case 'cut':
      case 'heal':
        return this.#link(command, args);
      case 'status':
        for (const name of this.#names(args)) {
          const [head = '', ...more] = describeStatus(this.#node(name).status());
          this.#lines.push(`${name}: ${head}`, ...more.map((text) => `  ${text}`));
        }
        return;
      case 'roles':
        return this.#roles();
      case 'log':
        this.#lines.push(member().log.all().map(describeEntry).join('\n') || 'empty');
        return;
      case 'network':
        this.#lines.push(...this.#network.map((message) => this.#show(message)));
        return;
      case 'compact':
        return this.#compact(member(), Number(args[1]));
      case 'crash':
        member().node = undefined;
        return;
      case 'restart':
        return this.#construct(member());
      default:
        throw new Error(`unknown command "${command}"`);
    }
  }

  /** `cluster 3 rest=5`: members 1 to 3, all voters. Further options hold for all members. */
  #cluster(args: string[], options: Options): void {
    this.#options = options;
    const count = Number(args[0]);
    const ids = Array.from({ length: count }, (_, at) => idOf(at + 1));
    const learners = (options.get('learners') ?? '').split(',').filter(Boolean).map(idOf);
    const confState = {
      voters: ids.filter((each) => !learners.includes(each)),
      learners,
      votersOutgoing: [],
      learnersNext: [],
      autoLeave: false,
    };
    for (const each of ids) this.#add(each, confState);
  }

  /** `start 4 members=1,2,3`: a new member that knows a configuration it may not be in yet. */
  #start(args: string[], options: Options): void {
    const voters = (options.get('members') ?? '').split(',').filter(Boolean).map(idOf);
    const confState = {
      voters,
      learners: [],
      votersOutgoing: [],
      learnersNext: [],
      autoLeave: false,
    };
    for (const name of args) this.#add(idOf(name), confState);
  }

  #add(id: NodeId, confState: ConfState): void {
    const member = { id, log: emptyLog(confState), confState, node: undefined, constructions: 0 };
    this.#members.set(id, member);
    this.#construct(member);
  }

  #construct(member: Member): void {
    const numbers = (name: string, fallback: number) => Number(this.#options.get(name) ?? fallback);
    const own = Number(member.id);
    member.constructions++;
    member.confState = member.log.checkpoint.confState;
    member.node = new RawNode({
      id: member.id,
      storage: member.log,
      // Fixed and different timeouts: member n campaigns n ticks after the minimum.
      random: { below: (bound) => own % bound },
      nonce: new Uint8Array(8).fill(own * 16 + member.constructions),
      electionTicks: numbers('election', 10),
      heartbeatTicks: numbers('heartbeat', 1),
      restAfterTicks: numbers('rest', 0),
      preVote: this.#options.get('prevote') !== 'off',
      checkQuorum: this.#options.get('checkquorum') !== 'off',
      inflightMessagesMax: numbers('inflight', 256),
      messageBytesMax: numbers('message-bytes', 1 << 20),
      uncommittedBytesMax: numbers('uncommitted-bytes', 1 << 20),
      readTimeoutTicks: numbers('read-timeout', 100),
    });
  }

  /** `tick 1 5`: five ticks at member 1; `tick all 5`: at every member in turn, with delivery. */
  #tick(args: string[]): void {
    const count = Number(args[1] ?? 1);
    if (args[0] !== 'all') {
      for (let at = 0; at < count; at++) this.#node(args[0]).tick();
      return;
    }
    for (let at = 0; at < count; at++) {
      for (const { node } of this.#members.values()) node?.tick();
      this.#stabilize([]);
    }
  }

  /** `conf-change 1 v4 l5 r2 mode=explicit`: voter, learner, remove; without steps: leave joint. */
  #confChange(args: string[], options: Options): void {
    const types = {
      v: ConfChangeType.addVoter,
      l: ConfChangeType.addLearner,
      r: ConfChangeType.remove,
    };
    const steps: ConfChangeStep[] = args.slice(1).map((word) => {
      const type = types[word[0] as keyof typeof types];
      return { type, node: idOf(word.slice(1)) };
    });
    const transition = options.get('mode') === 'explicit' ? 'explicit' : 'auto';
    const change = { steps, transition, context: new Uint8Array(0) } as const;
    this.#say(this.#node(args[0]).proposeConfChange(change), 'ok');
  }

  #ready(member: Member): boolean {
    const { node } = member;
    if (node?.hasReady() !== true) return false;
    const ready = node.ready();
    const lines = describeReady(ready, (context) => this.#showContext(context));
    if (lines.length > 0) {
      this.#lines.push(`${describeId(member.id)}:`, ...lines.map((text) => `  ${text}`));
    }
    this.#perform(member, node, ready);
    node.advance();
    return true;
  }

  #perform(member: Member, node: RawNode, ready: Ready): void {
    if (ready.snapshot !== undefined) {
      member.log.install(ready.snapshot);
      member.confState = ready.snapshot.confState;
    }
    if (ready.hardState !== undefined) member.log.hardState = ready.hardState;
    member.log.append(ready.entries);
    this.#network.push(...ready.earlyMessages, ...ready.messages);
    for (const entry of ready.committedEntries) {
      if (entry.kind === EntryKind.confChange) {
        member.confState = node.applyConfChange(decodeConfChange(entry.data));
      }
    }
  }

  /** `deliver 2 type=append`: what waits for member 2, all or of one type. */
  #deliver(args: string[], options: Options): void {
    for (const message of this.#take(args, options)) {
      this.#members.get(message.to)?.node?.step(message);
    }
  }

  #drop(args: string[], options: Options): void {
    for (const message of this.#take(args, options)) {
      this.#lines.push(`dropped ${this.#show(message)}`);
    }
  }

  #take(args: string[], options: Options): Message[] {
    const ids = new Set(args.map(idOf));
    const type = TYPE_BY_NAME.get(options.get('type') ?? '');
    const taken = (message: Message) =>
      (ids.size === 0 || ids.has(message.to)) && (type === undefined || type === message.type);
    const messages = this.#network.filter(taken);
    this.#network = this.#network.filter((message) => !taken(message));
    return messages;
  }

  /** Readys and deliveries among `ids` (or all) until nothing is left to do. */
  #stabilize(ids: readonly NodeId[]): void {
    const members = [...this.#members.values()].filter(
      ({ id }) => ids.length === 0 || ids.includes(id),
    );
    for (let round = 0; round < ROUNDS_MAX; round++) {
      let busy = false;
      for (const member of members) while (this.#ready(member)) busy = true;
      this.#network = this.#network.filter(
        ({ from, to }) =>
          !this.#cut.has(`${from} ${to}`) && this.#members.get(to)?.node !== undefined,
      );
      const reach = new Set(members.map(({ id }) => id));
      const messages = this.#network.filter(({ to }) => reach.has(to));
      this.#network = this.#network.filter(({ to }) => !reach.has(to));
      for (const message of messages) this.#members.get(message.to)?.node?.step(message);
      if (!busy && messages.length === 0) return;
    }
    throw new Error(`not stable after ${ROUNDS_MAX} rounds`);
  }

  /** `cut 1 3`: no messages either way; `cut 3`: member 3 alone. `heal`: all links. */
  #link(command: 'cut' | 'heal', args: string[]): void {
    if (command === 'heal') {
      this.#cut.clear();
      return;
    }
    const [left, right] = args.map(idOf);
    for (const other of this.#members.keys()) {
      if (other === left || (right !== undefined && other !== right)) continue;
      this.#cut.add(`${left} ${other}`);
      this.#cut.add(`${other} ${left}`);
    }
  }

  /** The checkpoint moves to what is applied, and entries up to `index` go. */
  #compact(member: Member, index: number): void {
    const { applied } = this.#node(describeId(member.id)).status();
    const term = member.log.term(applied);
    if (term === undefined) throw new Error(`no term at ${applied}`);
    member.log.checkpoint = { index: applied, term, confState: member.confState };
    member.log.compact(index);
  }

  #roles(): void {
    for (const { id, node } of this.#members.values()) {
      if (node === undefined) this.#lines.push(`${describeId(id)}: down`);
      else {
        const { role, term, leader, resting } = node.status();
        const rest = resting ? ' resting' : '';
        this.#lines.push(
          `${describeId(id)}: ${role} term ${term} leader ${describeId(leader)}${rest}`,
        );
      }
    }
  }

  #names(args: string[]): string[] {
    return args.length > 0 ? args : [...this.#members.keys()].map(describeId);
  }

  #member(name: string | undefined): Member {
    const member = this.#members.get(idOf(name ?? ''));
    if (member === undefined) throw new Error(`no member ${name}`);
    return member;
  }

  #node(name: string | undefined): RawNode {
    const { node } = this.#member(name);
    if (node === undefined) throw new Error(`member ${name} is down`);
    return node;
  }

  #say(result: string, usual: string): void {
    if (result !== usual) this.#lines.push(result);
  }

  #show(message: Message): string {
    return describeMessage(message, (context) => this.#showContext(context));
  }

  /** Nonces are member and construction in one byte: `1.2#3` is number 3 of 1's second construction. */
  #showContext(context: Uint8Array): string {
    const [first = 0] = context;
    if (context.length !== 9) return context.length < 9 ? describeData(context) : hexOf(context);
    return `${first >> 4}.${first & 15}#${context[8] ?? 0}`;
  }
}
