/** Sets the limits of production code for one run. Needs the loader of patches.ts. */
import * as constants from '../../src/constants.ts';
import { DEFAULT_SETTINGS, type Settings } from '../../src/mvcc/settings.ts';
import type { TunableConstant, TunedModule } from './patches.ts';

export interface Tuning {
  readonly constants: Readonly<Partial<Record<TunableConstant, number>>>;
  readonly store: Readonly<Partial<Settings>>;
}

const STORE_DEFAULTS: Settings = { ...DEFAULT_SETTINGS };

export function tune(tuning: Tuning): void {
  const tuned = constants as unknown as Partial<TunedModule>;
  if (tuned.tuneForSimulation === undefined) {
    throw new Error('tune constants: they were loaded without the hook of patches.ts');
  }
  tuned.tuneForSimulation(tuning.constants);
  Object.assign(DEFAULT_SETTINGS, STORE_DEFAULTS, tuning.store);
}
