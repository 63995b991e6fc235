/**
 * The platform under one object: builds an instance from storage when an event comes for it, and may
 * crash it, put it to sleep, or start another beside it while the old one still runs.
 */
import type { Prng } from '../../src/lib/prng.ts';
import type { NodeId } from '../../src/raft/types.ts';
import { Disk } from './disk.ts';
import type { DiskSession } from './disk-session.ts';
import { StorageFullError } from '../../src/lib/row-store.ts';
import { SimulatedCrash } from './disk-session.ts';
import type { Scheduled, Scheduler } from './scheduler.ts';
import { InstanceClock, MachineClock } from './sim-clock.ts';
import type { World } from './world.ts';

/** What the platform asks of the code that runs on it. */
export interface SimulatedObject {
  /** A frame that came over the stream of the member `from`. */
  receive(from: NodeId, frame: Uint8Array): void;
  /** A request over the pipeline. */
  answer(from: NodeId, path: string, body: Uint8Array): Promise<Uint8Array>;
  alarm(): void;
  /**
   * Takes up the sockets that the object slept with, maybe none. Called once, before anything else.
   */
  adopt(sockets: readonly HeldSocket[]): void;
}

/** A socket whose other end is a client's. It goes with the instance, unless the object sleeps. */
export interface HeldSocket {
  /** The instance is gone, and the socket with it. */
  lost(): void;
}

/** One instance in memory, with the ports it was given. */
export interface Living<I> {
  readonly instance: I;
  readonly session: DiskSession;
  readonly clock: InstanceClock;
  /** Sockets that end here. */
  readonly sockets: Set<HeldSocket>;
  /** False once it is gone: nothing reaches it, nothing it does has an effect. */
  alive: boolean;
}

export interface HostCounts {
  builds: number;
  crashes: number;
  evictions: number;
  takeovers: number;
  /** Evictions that left the sockets open, as nothing was going on. */
  sleeps: number;
}

/** Longest life of a twin, and how long after its first unconfirmed write the platform resets it. */
const TWIN_LIFE_MS = 4_000;
const TWIN_RESET_MS = 600;
/** Statements within which an armed crash strikes. */
const CRASH_STATEMENTS = 40;

export class ObjectHost<I extends SimulatedObject> {
  readonly id: NodeId;
  readonly disk: Disk;
  readonly machine: MachineClock;
  readonly counts: HostCounts = {
    builds: 0,
    crashes: 0,
    evictions: 0,
    takeovers: 0,
    sleeps: 0,
  };
  readonly #world: World;
  readonly #scheduler: Scheduler;
  readonly #prng: Prng;
  readonly #build: (living: Omit<Living<I>, 'instance'>) => I;
  #current: Living<I> | undefined;
  #twin: Living<I> | undefined;
  /** Senders whose connection still ends at the twin. */
  readonly #pinned = new Set<string>();
  /** Sockets that the platform holds while the object sleeps. */
  #asleep: readonly HeldSocket[] = [];
  #down = false;
  /** Events in line while the process stands still; undefined while it runs. */
  #waiting: (() => void)[] | undefined;
  /** Bits of its rows were flipped on purpose: it may stop with an error that says so. */
  damaged = false;
  /** Damaged beyond what it can recover from by itself. */
  lost = false;
  /** There is no room for what it writes. */
  diskFull = false;
  /** Of all its pauses so far. */
  longestPauseMs = 0;
  #alarm: { readonly atMs: number; readonly event: Scheduled } | undefined;

  constructor(
    world: World,
    id: NodeId,
    prng: Prng,
    build: (living: Omit<Living<I>, 'instance'>, host: ObjectHost<I>) => I,
  ) {
    this.id = id;
    this.#world = world;
    this.#scheduler = world.scheduler;
    this.#prng = prng;
    this.machine = new MachineClock(world.scheduler);
    this.disk = new Disk(world.scheduler, world.diskFaults(id));
    this.disk.onCommit = () => {
      this.#watchAlarm();
    };
    this.#build = (living) => build(living, this);
  }

  get down(): boolean {
    return this.#down;
  }
  /** The instance whose writes count, when there is one in memory. */
  get current(): Living<I> | undefined {
    return this.#current;
  }
  get twin(): Living<I> | undefined {
    return this.#twin;
  }

  /** The object is not in memory, and the platform holds sockets for it. */
  get sleepsWithSockets(): boolean {
    return this.#current === undefined && this.#asleep.length > 0;
  }

  /** The storage of an instance that is in memory. */
  sessionOf(instance: I): DiskSession | undefined {
    if (this.#current?.instance === instance) return this.#current.session;
    return this.#twin?.instance === instance ? this.#twin.session : undefined;
  }

  /**
   * The instance says that it cannot go on. It ends once what it has written is durable (an abort in
   * the same turn would undo it); the next event builds a new one.
   */
  abandon(living: Omit<Living<I>, 'instance'>): void {
    living.session.output(() => {
      if (!living.alive) return;
      living.alive = false;
      living.session.kill(() => 0);
      loseSockets(living);
      if (this.#current?.session === living.session) this.#current = undefined;
      if (this.#twin?.session === living.session) this.#twin = undefined;
    });
  }

  /** Is this what an injected fault must lead to? Anything else that is thrown is a bug. */
  explains(error: unknown): boolean {
    for (let each = error; each instanceof Error; each = each.cause) {
      if (this.damaged && /^Corrupt\w+Error$/.test(each.name)) return true;
      if (this.diskFull && each instanceof StorageFullError) return true;
    }
    return false;
  }

  /** Delivers an event to the object, building it first if need be. Dropped while it is down. */
  deliver(from: string, task: (instance: I) => void): void {
    if (this.#down) return;
    const twin = this.#twin;
    if (twin !== undefined && this.#pinned.has(from)) {
      this.#enter(twin, task);
      return;
    }
    const living = this.#wake();
    if (living !== undefined) this.#enter(living, task);
  }

  /** A client's socket ends at `instance` from now on. */
  hold(instance: I, socket: HeldSocket): void {
    const living = [this.#current, this.#twin].find((each) => each?.instance === instance);
    if (living === undefined) socket.lost();
    else living.sockets.add(socket);
  }

  /** Delivers what came over a socket, to the instance that has it or to a new one if the object sleeps. */
  deliverOver(socket: HeldSocket, task: (instance: I) => void): void {
    // Whether the socket is accepted is known once those in line before have had their turn.
    if (this.#waiting !== undefined) {
      this.#waiting.push(() => {
        this.deliverOver(socket, task);
      });
      return;
    }
    const holds = (living: Living<I> | undefined): boolean => living?.sockets.has(socket) === true;
    const living = [this.#current, this.#twin].find(holds);
    if (living !== undefined) {
      this.#enter(living, task);
    } else if (this.#asleep.includes(socket)) {
      const woken = this.#wake();
      if (woken !== undefined) this.#enter(woken, task);
    }
  }

  /** Delivers the end of a socket, after all that came over it, and lets go of it. */
  closeOver(socket: HeldSocket, task: (instance: I) => void): void {
    if (this.#waiting !== undefined) {
      this.#waiting.push(() => {
        this.closeOver(socket, task);
      });
      return;
    }
    this.deliverOver(socket, task);
    this.drop(socket);
  }

  /** A socket is closed at both ends. */
  drop(socket: HeldSocket): void {
    this.#current?.sockets.delete(socket);
    this.#twin?.sockets.delete(socket);
    this.#asleep = this.#asleep.filter((each) => each !== socket);
  }

  /** Ends the instance and keeps the object from starting again until `start`. */
  crash(): void {
    this.counts.crashes++;
    this.#down = true;
    if (this.#twin !== undefined) this.#end(this.#twin, 0);
    this.#twin = undefined;
    if (this.#current !== undefined) this.#lose(this.#current);
    this.#current = undefined;
    this.#loseAsleep();
    this.#world.trace(this.id, 'crashed');
  }

  /** The machine is back; the object is built at once. */
  start(): void {
    if (!this.#down || this.lost) return;
    this.#down = false;
    this.#world.trace(this.id, 'restarted');
    this.#wake();
  }

  /** The instance dies at a storage statement soon to come, and the object restarts after `downMs`. */
  crashAtStatement(downMs: number): void {
    const living = this.#current;
    if (living === undefined) return;
    const { session } = living;
    session.crashAt = session.statements + 1 + this.#prng.below(CRASH_STATEMENTS);
    session.onCrash = () => {
      this.#world.trace(this.id, `crashes at storage statement ${session.statements}`);
      this.#scheduler.after(downMs, () => {
        this.start();
      });
      this.crash();
    };
  }

  /** No crash is armed any more. */
  disarm(): void {
    if (this.#current !== undefined) this.#current.session.crashAt = Infinity;
  }

  /**
   * The platform drops the instance from memory. The next event builds it anew. Sockets stay open when
   * nothing was going on (then the object merely sleeps), and are closed when something was.
   */
  evict(): void {
    const living = this.#current;
    if (living === undefined || living.session.unconfirmed > 0 || this.sleep()) return;
    this.counts.evictions++;
    this.#world.trace(this.id, 'evicted from memory');
    this.#end(living, 0);
    this.#current = undefined;
  }

  /**
   * The process stands still for a while, as one whose machine is starved or whose garbage is collected,
   * and goes on where it was: what comes meanwhile waits in line, timers as well.
   */
  pause(forMs: number): void {
    if (this.#waiting !== undefined) return;
    const waiting: (() => void)[] = [];
    this.#waiting = waiting;
    this.longestPauseMs = Math.max(this.longestPauseMs, forMs);
    this.#world.trace(this.id, `pauses for ${forMs.toFixed(0)} ms`);
    this.#scheduler.after(forMs, () => {
      this.#waiting = undefined;
      for (const enter of waiting) this.#scheduler.after(0, enter);
    });
  }

  /** The object goes to sleep if nothing keeps it awake. Returns whether it did. */
  sleep(): boolean {
    if (this.#waiting !== undefined) return false;
    const living = this.#current;
    if (living === undefined || living.clock.pendingTimers > 0) return false;
    if (living.session.unconfirmed > 0 || living.session.held > 0) return false;
    this.counts.sleeps++;
    this.#world.trace(this.id, `sleeps with ${living.sockets.size} sockets`);
    this.#asleep = [...living.sockets];
    living.sockets.clear();
    this.#end(living, 0);
    this.#current = undefined;
    return true;
  }

  /** Starts a second instance; the first lives on as a stale twin for a while. */
  takeOver(): void {
    const old = this.#current;
    if (old === undefined || this.#twin !== undefined || this.#down) return;
    this.counts.takeovers++;
    this.#world.trace(this.id, 'taken over: the old instance lives on as a twin');
    old.session.surrender(this.#prng.below(old.session.unconfirmed + 1));
    this.#twin = old;
    this.#current = undefined;
    this.#pinned.clear();
    for (const place of this.#world.places()) if (this.#prng.bool()) this.#pinned.add(place);
    this.#scheduler.after(TWIN_LIFE_MS * this.#prng.float(), () => {
      this.#endTwin(old);
    });
    old.session.onStaleWrite = () => {
      old.session.onStaleWrite = () => {};
      this.#scheduler.after(TWIN_RESET_MS * this.#prng.float(), () => {
        this.#endTwin(old);
      });
    };
    this.#wake();
  }

  /** Everything stops, for the end of a run. */
  close(): void {
    if (this.#current !== undefined) this.#end(this.#current, 0);
    if (this.#twin !== undefined) this.#end(this.#twin, 0);
  }

  #wake(): Living<I> | undefined {
    if (this.#current !== undefined || this.#down) return this.#current;
    this.counts.builds++;
    const session = this.disk.open();
    const state: { living: Living<I> | undefined; alive: boolean } = {
      living: undefined,
      alive: true,
    };
    const clock = new InstanceClock(
      this.machine,
      this.#scheduler,
      session,
      (task) => {
        if (state.living !== undefined) this.#enter(state.living, task);
      },
      () => this.#world.timerLatenessMs(),
    );
    const bare = { session, clock, alive: true, sockets: new Set(this.#asleep) };
    try {
      const instance = this.#build(bare);
      // The very object the ports were built with, so that `alive` is one flag.
      const living = Object.assign(bare, { instance });
      state.living = living;
      this.#current = living;
      const kept = this.#asleep;
      this.#asleep = [];
      this.#enter(living, (built) => {
        built.adopt(kept);
      });
      return living.alive ? living : undefined;
    } catch (error) {
      session.kill(() => 0);
      this.#loseAsleep();
      this.#refused(error);
      return undefined;
    }
  }

  #refused(error: unknown): void {
    if (error instanceof SimulatedCrash) return;
    if (this.explains(error)) {
      this.#world.trace(this.id, `refuses to start: ${String(error)}`);
      // A full disk may have room at the next event; damage does not mend itself.
      if (!this.diskFull) {
        this.lost = true;
        this.#down = true;
      }
      return;
    }
    this.#world.fail('no unexpected error', error, this.id);
  }

  #enter(living: Living<I>, task: (instance: I) => void): void {
    if (!living.alive) return;
    if (this.#waiting !== undefined) {
      this.#waiting.push(() => {
        this.#enter(living, task);
      });
      return;
    }
    try {
      task(living.instance);
    } catch (error) {
      if (error instanceof SimulatedCrash) return;
      this.#world.instanceError(this.id, living.session, error);
    }
  }

  #lose(living: Living<I>): void {
    this.#end(living, this.#prng.below(living.session.unconfirmed + 1));
  }

  #end(living: Living<I>, survivors: number): void {
    living.alive = false;
    living.session.kill(() => survivors);
    loseSockets(living);
  }

  #loseAsleep(): void {
    const lost = this.#asleep;
    this.#asleep = [];
    for (const socket of lost) socket.lost();
  }

  #endTwin(twin: Living<I>): void {
    if (this.#twin !== twin) return;
    this.#end(twin, 0);
    this.#twin = undefined;
    this.#pinned.clear();
    this.#world.trace(this.id, 'the twin ends');
  }

  /** Keeps one event scheduled for the alarm that is durably set. */
  #watchAlarm(): void {
    const { alarmAtMs } = this.disk.durable;
    if (this.#alarm?.atMs === alarmAtMs) return;
    if (this.#alarm !== undefined) this.#scheduler.cancel(this.#alarm.event);
    this.#alarm = undefined;
    if (alarmAtMs === undefined) return;
    const delayMs = this.machine.untilMs(alarmAtMs) + this.#world.alarmLatenessMs();
    const event = this.#scheduler.after(delayMs, () => {
      this.#fireAlarm(alarmAtMs);
    });
    this.#alarm = { atMs: alarmAtMs, event };
  }

  #fireAlarm(atMs: number): void {
    this.#alarm = undefined;
    if (this.disk.durable.alarmAtMs !== atMs) return;
    if (this.#down || this.machine.nowMs() < atMs) {
      // The clock went back, or nobody is there to hear: the platform keeps trying.
      const event = this.#scheduler.after(Math.max(500, this.machine.untilMs(atMs)), () => {
        this.#fireAlarm(atMs);
      });
      this.#alarm = { atMs, event };
      return;
    }
    this.disk.durable.alarmAtMs = undefined;
    const times = this.#world.alarmRepeats() ? 2 : 1;
    for (let time = 0; time < times; time++) {
      this.deliver('alarm', (instance) => {
        instance.alarm();
      });
    }
  }
}

function loseSockets(living: { readonly sockets: Set<HeldSocket> }): void {
  const lost = [...living.sockets];
  living.sockets.clear();
  for (const socket of lost) socket.lost();
}
