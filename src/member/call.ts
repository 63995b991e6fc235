import { StatusError } from '../api/errors.ts';
import type { Consistency } from '../api/consistency.ts';

/** One call, as its method sees it besides the request. */
export class Call {
  /** How fresh a read has to be, if the caller said so; the request itself knows two levels. */
  readonly consistency: Consistency | undefined;
  /** Name of the member nearest to the caller, if another one than this. */
  readonly near: string | undefined;
  #reason: StatusError | undefined;
  #run: ((reason: StatusError) => void) | undefined;

  constructor(consistency?: Consistency, near?: string) {
    this.consistency = consistency;
    this.near = near;
  }

  /** `run` is called once the caller is gone, and at once if it is already. It replaces the former one. */
  onCancel(run: (reason: StatusError) => void): void {
    this.#run = run;
    if (this.#reason !== undefined) run(this.#reason);
  }

  cancel(): void {
    this.#reason ??= StatusError.of('contextCanceled');
    this.#run?.(this.#reason);
  }
}
