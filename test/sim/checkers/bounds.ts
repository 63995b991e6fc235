/** Resources stay bounded: logs are cut, queues drain, storage does not grow with history. */
import { Violation } from '../world.ts';

export const PROPERTY = 'resources bounded';

export interface Measured {
  readonly name: string;
  readonly value: number;
  readonly max: number;
}

/** @throws Violation naming the first figure above its bound. */
export function checkBounds(who: string, figures: readonly Measured[]): void {
  for (const { name, value, max } of figures) {
    if (value > max) throw new Violation(PROPERTY, `${name} of ${who} is ${value}, at most ${max}`);
  }
}
