/**
 * A whole cluster under random misfortune, one seed a run. Every member's storage is modelled with its
 * output gate: what an instance sends after a write is held until the write is confirmed, a crash loses
 * what was not, and the writes of an instance that was replaced while alive are never confirmed. What
 * passes a gate goes to the network or, if a client could see it, to the Referee.
 */
import { ByteWriter } from '../../../src/lib/binary.ts';
import type { Prng } from '../../../src/lib/prng.ts';
import { decodeConfChange } from '../../../src/raft/codec.ts';
import { RawNode } from '../../../src/raft/raw-node.ts';
import {
  type ConfState,
  EntryKind,
  type Message,
  MessageType,
  NO_NODE,
  type NodeId,
  type Ready,
} from '../../../src/raft/types.ts';
import { emptyLog, type MemoryLog } from './memory-log.ts';
import type { Referee } from './referee.ts';

type Write = (log: MemoryLog) => void;
/** What waits behind the gate, in order: writes, and what was sent or shown after them. */
type Gated = { readonly write: Write } | { readonly release: () => void };

/** One construction of a member's core, current or stale. */
export interface Instance {
  readonly id: NodeId;
  readonly node: RawNode;
  /** The log as this instance sees it: with its writes, confirmed or not. */
  readonly view: MemoryLog;
  readonly gate: Gated[];
  confState: ConfState;
  ledTerm: number;
}

export interface ChaosOptions {
  readonly voters: readonly NodeId[];
  readonly restAfterTicks: number;
  readonly preVote: boolean;
  readonly checkQuorum: boolean;
  readonly messageBytesMax: number;
  readonly inflightMessagesMax: number;
}

const ELECTION_TICKS = 5;
const RETAINED = { retainedEntriesMin: 1, retainedEntriesMax: 12 };
const NETWORK_MAX = 400;
const STALE_MAX = 2;

export class ChaosCluster {
  readonly #random: Prng;
  readonly #options: ChaosOptions;
  readonly #referee: Referee;
  readonly #initial: ConfState;
  /** What is durable, by member. */
  readonly disks = new Map<NodeId, MemoryLog>();
  /** The instance whose writes are confirmed. */
  readonly owners = new Map<NodeId, Instance>();
  /** Replaced instances that still run. */
  stale: Instance[] = [];
  network: Message[] = [];
  /** Members that hear each other; all of one number: no partition. */
  readonly sides = new Map<NodeId, number>();
  #proposals = 0;
  #reads = 0;

  constructor(random: Prng, referee: Referee, options: ChaosOptions) {
    this.#random = random;
    this.#referee = referee;
    this.#options = options;
    this.#initial = {
      voters: options.voters,
      learners: [],
      votersOutgoing: [],
      learnersNext: [],
      autoLeave: false,
    };
    for (const id of options.voters) this.start(id);
  }

  get instances(): Instance[] {
    return [...this.owners.values(), ...this.stale];
  }

  /** Starts a member from its storage, a new one with nothing. */
  start(id: NodeId): void {
    const disk = this.disks.get(id) ?? emptyLog(this.#initial);
    this.disks.set(id, disk);
    const view = disk.copy();
    const node = new RawNode({
      id,
      storage: view,
      random: this.#random,
      nonce: this.#random.bytes(8),
      electionTicks: ELECTION_TICKS,
      heartbeatTicks: 1,
      restAfterTicks: this.#options.restAfterTicks,
      preVote: this.#options.preVote,
      checkQuorum: this.#options.checkQuorum,
      messageBytesMax: this.#options.messageBytesMax,
      inflightMessagesMax: this.#options.inflightMessagesMax,
      committedBytesPerReadyMax: 100,
    });
    const { confState } = view.checkpoint;
    this.owners.set(id, { id, node, view, gate: [], confState, ledTerm: 0 });
  }

  /** The instance is gone; of what it wrote without confirmation a first part may have survived. */
  crash(id: NodeId): void {
    const instance = this.owners.get(id);
    if (instance === undefined) return;
    this.#survive(instance);
    this.owners.delete(id);
  }

  /** A successor starts while the old instance lives on. */
  replace(id: NodeId): Instance | undefined {
    const instance = this.owners.get(id);
    if (instance === undefined) return undefined;
    this.#survive(instance);
    this.stale.push(instance);
    if (this.stale.length > STALE_MAX) this.stale.shift();
    this.start(id);
    return instance;
  }

  #survive(instance: Instance): void {
    const disk = this.#disk(instance.id);
    const writes = instance.gate.flatMap((item) => ('write' in item ? [item.write] : []));
    for (const write of writes.slice(0, this.#random.below(writes.length + 1))) write(disk);
  }

  /** Takes one Ready, if there is one, and queues it behind the gate. */
  process(instance: Instance): boolean {
    const { node, gate } = instance;
    if (!node.hasReady()) return false;
    const ready = node.ready();
    this.#referee.ready(ready);
    gate.push({ release: () => this.#send(ready.earlyMessages) });
    const write = writeOf(ready);
    if (write !== undefined) {
      write(instance.view);
      gate.push({ write });
    }
    gate.push({ release: () => this.#send(ready.messages) });
    this.#apply(instance, ready);
    node.advance();
    this.#watchLeadership(instance);
    // An instance with nothing to confirm shows all at once.
    if (!gate.some((item) => 'write' in item)) this.flush(instance, 0);
    return true;
  }

  #apply(instance: Instance, ready: Ready): void {
    const { node, gate } = instance;
    const { term } = node;
    if (ready.snapshot !== undefined) {
      const { snapshot } = ready;
      instance.confState = snapshot.confState;
      gate.push({ release: () => this.#referee.installed(snapshot) });
    }
    for (const entry of ready.committedEntries) {
      if (entry.kind === EntryKind.confChange) {
        instance.confState = node.applyConfChange(decodeConfChange(entry.data));
      }
      gate.push({ release: () => this.#referee.applied(entry, term) });
    }
    for (const read of ready.readStates) {
      gate.push({ release: () => this.#referee.readAnswered(read) });
    }
    for (const context of ready.abortedReads) this.#referee.readAborted(context);
  }

  #watchLeadership(instance: Instance): void {
    const { node, id, view } = instance;
    if (node.status().role !== 'leader' || instance.ledTerm === node.term) return;
    const { term } = node;
    instance.ledTerm = term;
    if (this.owners.get(id) === instance) this.#referee.elected(term, view);
    instance.gate.push({ release: () => this.#referee.leads(id, term) });
  }

  /** Confirms up to `writes` writes; what was sent between and after them goes out. */
  flush(instance: Instance, writes: number): void {
    const current = this.owners.get(instance.id) === instance;
    let left = writes;
    for (;;) {
      const item = instance.gate[0];
      if (item === undefined) return;
      if ('release' in item) {
        instance.gate.shift();
        item.release();
        continue;
      }
      if (!current || left-- === 0) return;
      instance.gate.shift();
      const disk = this.#disk(instance.id);
      item.write(disk);
      this.#referee.stored(disk);
    }
  }

  /** Saves the state machine and drops what the log no longer needs. */
  checkpoint(instance: Instance): void {
    const { node, view, confState } = instance;
    const { applied } = node.status();
    const term = view.term(applied);
    if (term === undefined || applied <= view.checkpoint.index) return;
    const keep = node.compactableIndex(RETAINED);
    const write: Write = (log) => {
      log.checkpoint = { index: applied, term, confState };
      if (keep >= log.firstIndex()) log.compact(keep);
    };
    write(view);
    instance.gate.push({ write });
  }

  propose(instance: Instance): void {
    const writer = new ByteWriter();
    writer.varint(++this.#proposals);
    instance.node.propose(writer.finish());
  }

  read(instance: Instance): void {
    const writer = new ByteWriter();
    writer.varint(++this.#reads);
    const context = writer.finish();
    this.#referee.readBegan(context);
    instance.node.readIndex(context);
  }

  #send(messages: readonly Message[]): void {
    for (const message of messages) {
      if (this.network.length < NETWORK_MAX) this.network.push(message);
      else this.lose(message);
    }
  }

  connected(message: Message): boolean {
    return (this.sides.get(message.from) ?? 0) === (this.sides.get(message.to) ?? 0);
  }

  /** To `receiver`, or to any instance of the member, whichever the network happens to reach. */
  deliver(message: Message, receiver?: Instance): void {
    const reached = this.instances.filter(({ id }) => id === message.to);
    const instance = receiver ?? reached[this.#random.below(Math.max(1, reached.length))];
    if (instance === undefined || !this.connected(message)) {
      this.lose(message);
      return;
    }
    instance.node.step(message);
    if (message.type === MessageType.snapshot) this.#reportSnapshot(message, true);
  }

  /** The sender learns of it for snapshots, which travel by request and answer, and sometimes else. */
  lose(message: Message): void {
    if (message.type === MessageType.snapshot) this.#reportSnapshot(message, false);
    else if (this.#random.bool(0.2)) {
      this.owners.get(message.from)?.node.reportUnreachable(message.to);
    }
  }

  #reportSnapshot(message: Message, ok: boolean): void {
    this.owners.get(message.from)?.node.reportSnapshot(message.to, ok);
  }

  /** The leader of the highest term among current instances. */
  get leader(): Instance | undefined {
    let found: Instance | undefined;
    for (const instance of this.owners.values()) {
      if (instance.node.status().role !== 'leader') continue;
      if (found === undefined || instance.node.term > found.node.term) found = instance;
    }
    return found;
  }

  /** The configuration of the member that has applied most. */
  get confState(): ConfState {
    let best = -1;
    let confState = this.#initial;
    for (const instance of this.owners.values()) {
      const { applied } = instance.node.status();
      if (applied > best) {
        best = applied;
        ({ confState } = instance);
      }
    }
    return confState;
  }

  #disk(id: NodeId): MemoryLog {
    const disk = this.disks.get(id);
    if (disk === undefined) throw new Error(`no disk of ${id === NO_NODE ? 'nobody' : id}`);
    return disk;
  }
}

/** Undefined: the Ready writes nothing. A fence changes no content, but must be confirmed as well. */
function writeOf(ready: Ready): Write | undefined {
  const { snapshot, hardState, entries, fence } = ready;
  if (snapshot === undefined && hardState === undefined && entries.length === 0 && !fence) {
    return undefined;
  }
  return (log) => {
    if (snapshot !== undefined) log.install(snapshot);
    if (hardState !== undefined) log.hardState = hardState;
    log.append(entries);
  };
}
