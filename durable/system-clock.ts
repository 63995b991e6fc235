import type { Clock, Timer } from '../src/member/ports.ts';

/** Clock port over the object's timers and its one alarm. */
export class SystemClock implements Clock {
  readonly #storage: DurableObjectStorage;
  /** What the alarm is set to, so that an unchanged wish costs no write. Undefined: not known yet. */
  #alarmMs: number | 'none' | undefined;
  /** Each is billed as a row written. */
  alarmsSet = 0;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  nowMs(): number {
    return Date.now();
  }

  setTimer(delayMs: number, run: () => void): Timer {
    const handle = setTimeout(run, delayMs);
    return { cancel: () => clearTimeout(handle) };
  }

  setAlarm(atMs: number | undefined): void {
    const wish = atMs ?? 'none';
    if (wish === this.#alarmMs) return;
    this.#alarmMs = wish;
    if (atMs === undefined) {
      void this.#storage.deleteAlarm();
    } else {
      this.alarmsSet++;
      void this.#storage.setAlarm(atMs);
    }
  }

  /** The alarm went off: none is set any more. */
  alarmFired(): void {
    this.#alarmMs = 'none';
  }
}
