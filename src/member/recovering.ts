import { Code, StatusError } from '../api/errors.ts';
import { RECOVERY_HOLD_MS, TICK_MS } from '../constants.ts';

/** A member that fetches its state from its peers after damage, from the loss to the end (recovery.ts). */
export class Recovering {
  readonly damage: string;
  readonly #member: string;
  /** Time since the loss by ticks: a clock that is set would end it too early, or not for hours. */
  #sinceMs = 0;
  #asked = false;

  constructor(member: string, damage: string) {
    this.#member = member;
    this.damage = damage;
  }

  /** What whoever asks for something is told. */
  get refusal(): StatusError {
    return new StatusError(
      Code.Unavailable,
      `edgetcd: member ${this.#member} is fetching its state from its peers after damage: ${this.damage}`,
    );
  }

  /** At each tick: calls `done` once a read that `confirm` makes has succeeded, long enough after the loss. */
  tick(confirm: () => Promise<void>, done: () => void): void {
    this.#sinceMs += TICK_MS;
    if (this.#asked || this.#sinceMs < RECOVERY_HOLD_MS) return;
    this.#asked = true;
    confirm().then(done, () => {
      this.#asked = false;
    });
  }
}
