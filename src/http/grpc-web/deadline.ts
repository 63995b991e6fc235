import { StatusError } from '../../api/errors.ts';

/** What a timer can wait; a client that gives more time waits as long as it likes. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The end of a client's patience. */
export class Deadline {
  readonly #passed: Promise<never>;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** @param timeoutMs undefined: none */
  constructor(timeoutMs: number | undefined) {
    this.#passed = new Promise((_, reject) => {
      if (timeoutMs === undefined || timeoutMs > TIMER_MS_MAX) return;
      this.#timer = setTimeout(() => reject(StatusError.of('contextDeadlineExceeded')), timeoutMs);
    });
    // Often nobody waits for it any more.
    this.#passed.catch(() => undefined);
  }

  /** What `work` gives, if it does so in time. @throws StatusError DeadlineExceeded */
  within<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#passed]);
  }

  /** Called once, when the time is over. */
  onPassed(run: (error: StatusError) => void): void {
    this.#passed.catch((error: unknown) => run(StatusError.from(error)));
  }

  /** The call has ended; nothing waits for the time any more. */
  cancel(): void {
    clearTimeout(this.#timer);
  }
}
