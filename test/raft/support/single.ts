/** One member under test: its messages are the test's to read and to write. */
import { messageOf, type MessageFields } from '../../../src/raft/message.ts';
import type { RaftConfig } from '../../../src/raft/config.ts';
import { RawNode } from '../../../src/raft/raw-node.ts';
import {
  type Entry,
  EntryKind,
  type HardState,
  type Message,
  MessageType,
  NO_NODE,
  type Ready,
} from '../../../src/raft/types.ts';
import { bytesOf } from '../../../src/lib/bytes.ts';
import { emptyLog, id, type MemoryLog, voters } from './memory-log.ts';

export const ELECTION_TICKS = 10;

/** Entries 1, 2, … of the given terms. */
export function entriesOf(terms: readonly number[], from = 1): Entry[] {
  return terms.map((term, at) => ({
    term,
    index: from + at,
    kind: EntryKind.normal,
    data: bytesOf(`${term}/${from + at}`),
  }));
}

export interface SingleOptions {
  /** How many voters there are; the member under test is number 1. */
  readonly members?: number;
  readonly terms?: readonly number[];
  readonly hardState?: Partial<HardState>;
  readonly config?: Partial<RaftConfig>;
}

export class Single {
  readonly log: MemoryLog;
  readonly node: RawNode;
  readonly applied: Entry[] = [];
  readonly readies: Ready[] = [];

  constructor(options: SingleOptions = {}) {
    const { members = 3, terms = [], hardState = {}, config = {} } = options;
    this.log = emptyLog(voters(...Array.from({ length: members }, (_, at) => id(at + 1))));
    this.log.append(entriesOf(terms));
    const term = terms.at(-1) ?? 0;
    this.log.hardState = { term, vote: NO_NODE, commit: 0, leader: false, ...hardState };
    this.node = new RawNode({
      id: id(1),
      storage: this.log,
      random: { below: () => 0 },
      nonce: new Uint8Array(8),
      electionTicks: ELECTION_TICKS,
      heartbeatTicks: 1,
      restAfterTicks: 0,
      preVote: false,
      checkQuorum: false,
      ...config,
    });
    this.node.wake();
    this.take();
  }

  /** Carries out all that is ready and returns what was sent. */
  take(): Message[] {
    const sent: Message[] = [];
    while (this.node.hasReady()) {
      const ready = this.node.ready();
      this.readies.push(ready);
      if (ready.snapshot !== undefined) this.log.install(ready.snapshot);
      if (ready.hardState !== undefined) this.log.hardState = ready.hardState;
      this.log.append(ready.entries);
      sent.push(...ready.earlyMessages, ...ready.messages);
      this.applied.push(...ready.committedEntries);
      this.node.advance();
    }
    return sent;
  }

  step(type: MessageType, from: number, fields: MessageFields = {}): void {
    this.node.step(messageOf(type, id(from), id(1), fields));
  }

  tick(count: number): void {
    for (let at = 0; at < count; at++) this.node.tick();
  }

  /** Wins an election of the next term with everyone's vote; returns the appends it sends. */
  elect(): Message[] {
    const { length } = this.node.status().confState.voters;
    this.node.campaign();
    this.take();
    const { term } = this.node;
    for (let from = 2; from <= length; from++) this.step(MessageType.voteResponse, from, { term });
    return this.take();
  }
}

export function ofType(messages: readonly Message[], type: MessageType): Message[] {
  return messages.filter((message) => message.type === type);
}
