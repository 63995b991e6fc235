/**
 * What a client watches, over however many connections: after each it asks again from the revision after
 * the last that it was told of. What it asked for and what it was told is recorded for the checkers.
 */
import { WatchRecorder, type RecordedWatch, type WatchAnswer } from '../watch-record.ts';
import { cancelFrame, createFrame, readFrame, type CreateFields } from './wire.ts';

export interface WantedWatch {
  readonly name: string;
  readonly asked: CreateFields;
  /** First revision it was not told of; 0: not known yet. */
  next: number;
  /** Set while it is created on the present connection. */
  id: string | undefined;
}

export class Subscriptions {
  readonly #name: string;
  readonly #recorders: WatchRecorder[] = [];
  #wanted: WantedWatch[] = [];
  /** Sent on the present connection and not answered yet, in order. Undefined: a vain one. */
  #creating: (WantedWatch | undefined)[] = [];
  #recorder = new WatchRecorder();
  /** Undefined while there is no connection. */
  #send: ((text: string) => void) | undefined;
  #names = 0;
  /** Highest revision it has heard of. */
  revision = 1;
  readonly counts = {
    watches: 0,
    connections: 0,
    events: 0,
    progress: 0,
    compacted: 0,
    fragments: 0,
  };

  constructor(name: string) {
    this.#name = name;
  }

  get recorded(): readonly RecordedWatch[] {
    return this.#recorders.flatMap((recorder) => recorder.watches);
  }

  get wanted(): readonly WantedWatch[] {
    return this.#wanted;
  }

  get isOpen(): boolean {
    return this.#send !== undefined;
  }

  /** Creations that are not answered. */
  get unanswered(): number {
    return this.#creating.length;
  }

  /** A connection is open: everything that is wanted is asked for on it. */
  opened(send: (text: string) => void): void {
    this.#recorder = new WatchRecorder();
    this.#recorders.push(this.#recorder);
    this.#creating = [];
    this.#send = send;
    this.counts.connections++;
    for (const watch of this.#wanted) {
      watch.id = undefined;
      this.#create(watch);
    }
  }

  closed(): void {
    this.#send = undefined;
  }

  watch(asked: CreateFields): WantedWatch {
    const name = `${this.#name}/${this.#names++}`;
    const watch: WantedWatch = { name, asked, next: 0, id: undefined };
    this.counts.watches++;
    this.#wanted.push(watch);
    this.#create(watch);
    return watch;
  }

  /** Asks for what is refused, or makes no sense: nothing is wanted of it. */
  watchInVain(asked: CreateFields): void {
    if (this.#send === undefined) return;
    this.#creating.push(undefined);
    this.#recorder.asked(`${this.#name} in vain`, asked);
    this.#send(createFrame(asked));
  }

  unwatch(watch: WantedWatch): void {
    this.#wanted = this.#wanted.filter((each) => each !== watch);
    if (watch.id !== undefined) this.#cancel(watch.id);
  }

  /** Any other frame. */
  send(text: string): void {
    this.#send?.(text);
  }

  /** One line of the server. False: it was an error, and the connection ends. @throws Violation */
  received(text: string): boolean {
    const frame = readFrame(text);
    if (frame === undefined) return false;
    const { watchId, answer } = frame;
    this.#recorder.took(watchId, answer);
    this.revision = Math.max(this.revision, answer.revision);
    if (answer.created) this.#created(watchId, answer);
    else if (answer.canceled) this.#canceled(watchId, answer);
    else if (answer.events.length > 0) this.#heard(watchId, answer);
    else this.#progressed(watchId, answer);
    return true;
  }

  /** The watches that are open must have been told of everything up to `revision`. */
  complete(revision: number): void {
    this.#recorder.complete(revision);
  }

  #create(watch: WantedWatch): void {
    if (this.#send === undefined) return;
    const start = watch.next > 0 ? watch.next : watch.asked.start;
    const asked = { ...watch.asked, start };
    this.#creating.push(watch);
    this.#recorder.asked(`${watch.name} over connection ${this.counts.connections}`, asked);
    this.#send(createFrame(asked));
  }

  #cancel(id: string): void {
    this.#recorder.cancels(id);
    this.#send?.(cancelFrame(id));
  }

  #created(id: string, { canceled, revision }: WatchAnswer): void {
    const watch = this.#creating.shift();
    if (watch === undefined) {
      // Whatever came of it is not wanted.
      if (!canceled) this.#cancel(id);
      return;
    }
    if (canceled) {
      this.#wanted = this.#wanted.filter((each) => each !== watch);
      return;
    }
    watch.id = id;
    if (watch.next === 0) watch.next = watch.asked.start > 0 ? watch.asked.start : revision + 1;
    // It was given up before it existed.
    if (!this.#wanted.includes(watch)) this.#cancel(id);
  }

  #canceled(id: string, { compactRevision }: WatchAnswer): void {
    const watch = this.#byId(id);
    if (watch === undefined) return;
    watch.id = undefined;
    if (compactRevision === 0) return;
    // As a client does that can live with a gap: on from what is left.
    this.counts.compacted++;
    watch.next = compactRevision;
    this.#create(watch);
  }

  #heard(id: string, { events, fragment }: WatchAnswer): void {
    this.counts.events += events.length;
    if (fragment) this.counts.fragments++;
    const watch = this.#byId(id);
    const last = events.at(-1);
    if (watch === undefined || last === undefined) return;
    // Of a response that is not complete nothing is counted on.
    if (!fragment) watch.next = Math.max(watch.next, last.revision + 1);
  }

  #progressed(id: string, { revision }: WatchAnswer): void {
    this.counts.progress++;
    const own = this.#byId(id);
    for (const watch of own === undefined ? this.#wanted : [own]) {
      if (watch.id !== undefined) watch.next = Math.max(watch.next, revision + 1);
    }
  }

  #byId(id: string): WantedWatch | undefined {
    return this.#wanted.find((watch) => watch.id === id);
  }
}
