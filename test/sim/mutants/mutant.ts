/** A deliberate bug: one or more exact replacements in the source, made while it is loaded. */
import type { Patch } from '../patches.ts';

export interface Mutant {
  /** A few words in kebab case. */
  readonly name: string;
  /** What is wrong, and what it stands for: a paper's rule, an issue others had. */
  readonly bug: string;
  readonly patches: readonly Patch[];
}
