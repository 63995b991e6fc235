/** A watch host over a store in memory, with a clock that is wound by hand and sockets that write down. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Close } from '../../src/api/close-codes.ts';
import { bytesOf } from '../../src/lib/bytes.ts';
import { Alarms } from '../../src/member/alarms.ts';
import type { Clock, Timer } from '../../src/member/ports.ts';
import { readToWorker, type ToWorker } from '../../src/member/watch-bridge.ts';
import { WatchHost } from '../../src/member/watch-host.ts';
import type { WatchSocket } from '../../src/member/watch-receivers.ts';
import { NaiveStore } from '../mvcc/naive-store.ts';
import { MemoryRowStore } from '../support/memory-row-store.ts';

export class HandClock implements Clock {
  alarmMs: number | undefined;
  alarmsSet = 0;
  /** By how much the wall clock was set forward; timers know nothing of it. */
  setByMs = 0;
  #nowMs = 1_000_000;
  readonly #timers = new Set<{ readonly atMs: number; readonly run: () => void }>();

  nowMs(): number {
    return this.#nowMs + this.setByMs;
  }

  setTimer(delayMs: number, run: () => void): Timer {
    const timer = { atMs: this.#nowMs + delayMs, run };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  setAlarm(atMs: number | undefined): void {
    this.alarmMs = atMs;
    this.alarmsSet++;
  }

  get timers(): number {
    return this.#timers.size;
  }

  /** Lets time pass; timers run when they are due, in order. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#timers].filter(({ atMs }) => atMs <= endMs);
      const [next] = due.sort((left, right) => left.atMs - right.atMs);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
    }
    this.#nowMs = endMs;
  }
}

export class PaperSocket implements WatchSocket {
  readonly sent: (string | Uint8Array)[] = [];
  readonly attachments: Uint8Array[] = [];
  closedBy: Close | undefined;
  bufferedBytes = 0;
  /** Nothing leaves: what is sent stays buffered. */
  stuck = false;

  send(data: string | Uint8Array): void {
    this.sent.push(data);
    if (this.stuck) this.bufferedBytes += data.length;
  }

  close(close: Close): void {
    this.closedBy = close;
  }

  attach(state: Uint8Array): void {
    this.attachments.push(state);
  }

  /** Everything leaves. */
  flow(): void {
    this.stuck = false;
    this.bufferedBytes = 0;
  }

  /** What was sent since the last call, as text. */
  texts(): string[] {
    return this.sent.splice(0).map(String);
  }

  /** What was sent since the last call, as items of the bridge. */
  items(): ToWorker[] {
    return this.sent.splice(0).flatMap((frame) => readToWorker(frame as Uint8Array));
  }
}

export class HostUnderTest {
  readonly clock: HandClock;
  readonly rows: MemoryRowStore;
  readonly store: NaiveStore;
  readonly alarms: Alarms;
  readonly host: WatchHost;
  /** Settles what the host waits for before it serves. */
  becomeCurrent: (error?: Error) => void = () => undefined;
  failure: unknown;
  warnings = 0;

  /** @param former what outlives the memory of an instance */
  constructor(former?: HostUnderTest, isCurrent = true) {
    this.clock = former?.clock ?? new HandClock();
    this.rows = former?.rows ?? new MemoryRowStore();
    this.store = former?.store ?? new NaiveStore();
    this.alarms = new Alarms(this.clock);
    const current = isCurrent
      ? Promise.resolve()
      : new Promise<void>((resolve, reject) => {
          this.becomeCurrent = (error) => {
            if (error === undefined) resolve();
            else reject(error);
          };
        });
    this.host = new WatchHost({
      history: this.store,
      rows: this.rows,
      clock: this.clock,
      random: { below: () => 0, bytes: (count) => new Uint8Array(count) },
      log: { info: () => undefined, warn: () => (this.warnings += 1) },
      alarms: this.alarms,
      clusterId: 7n,
      memberId: 8n,
      term: () => 1,
      current: () => current,
      guard: (run) => {
        try {
          run();
        } catch (error) {
          this.failure ??= error;
        }
      },
    });
  }

  /** One applied entry, and the end of the member's turn. */
  put(key: string, value = 'v'): void {
    const txn = this.store.begin();
    txn.put(key, bytesOf(value), 0n);
    this.host.notify(txn.commit(), this.store.revision);
    this.host.afterTurn();
  }

  /** Lets promises that are due go on. */
  async settle(): Promise<void> {
    await turn();
  }
}
