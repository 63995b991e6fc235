import { Code, StatusError } from '../api/errors.ts';
import { RECOVERY_HOLD_MS } from '../constants.ts';

/** A member that fetches its state from its peers after damage, from the loss to the end (recovery.ts). */
export class Recovering {
  readonly damage: string;
  readonly #member: string;
  readonly #sinceMs: number;
  #asked = false;

  constructor(member: string, damage: string, sinceMs: number) {
    this.#member = member;
    this.damage = damage;
    this.#sinceMs = sinceMs;
  }

  /** What whoever asks for something is told. */
  get refusal(): StatusError {
    return new StatusError(
      Code.Unavailable,
      `edgetcd: member ${this.#member} is fetching its state from its peers after damage: ${this.damage}`,
    );
  }

  /** Calls `done` once a read that `confirm` makes has succeeded, long enough after the loss. */
  follow(nowMs: number, confirm: () => Promise<void>, done: () => void): void {
    if (this.#asked || nowMs - this.#sinceMs < RECOVERY_HOLD_MS) return;
    this.#asked = true;
    confirm().then(done, () => {
      this.#asked = false;
    });
  }
}
