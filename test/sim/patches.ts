/**
 * Production code as the simulator loads it: constants can be set anew for each run, and a mutant may
 * replace one exact piece of a source file. Both happen to the text while it is loaded, in this process
 * only, so that what is deployed carries no switch for either.
 *
 * `installPatches` must run before the first import of anything under src/.
 */
import { registerHooks } from 'node:module';
import { RAW_CHANGE_PATCH } from './membership/raw-change.ts';

/** One replacement. `find` must occur exactly once in `file`, so that a mutant cannot go stale unseen. */
export interface Patch {
  /** Path from the root of the repository. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export class PatchError extends Error {
  override readonly name = 'PatchError';
}

const ROOT = new URL('../../', import.meta.url).href;
const CONSTANTS_FILE = 'src/constants.ts';

/** Those of watches among them. */
export const WATCH_CONSTANTS = [
  'WATCH_STREAM_UNREAD_BYTES_MAX',
  'WATCH_UNREAD_BYTES_MAX',
  'WATCH_RESPONSE_REVISIONS_MAX',
  'WATCH_FRAGMENT_BYTES',
  'WATCH_SLICE_READ_BYTES',
  'WATCH_SLICE_SENT_BYTES_MAX',
  'WATCH_SLICE_WATCHERS_MAX',
  'WATCH_ATTACHMENT_BYTES_MAX',
  'WATCH_ROW_BYTES',
  'WATCH_PROGRESS_INTERVAL_MS',
  'WATCH_SAVE_AFTER_MS',
  'WATCH_FRAME_BYTES',
  'WATCH_READ_REPORT_BYTES',
] as const;

/** Constants that runs set; see options.ts. */
export const TUNABLE_CONSTANTS = [
  ...WATCH_CONSTANTS,
  'ELECTION_TICKS',
  'REST_AFTER_TICKS',
  'CHECKPOINT_ENTRIES',
  'CHECKPOINT_BYTES',
  'CATCH_UP_ENTRIES',
  'CATCH_UP_BYTES',
  'SNAPSHOT_CHUNK_BYTES',
  'RAFT_MESSAGE_BYTES_MAX',
  'RAFT_INFLIGHT_MESSAGES_MAX',
  'RAFT_COMMITTED_BYTES_PER_READY_MAX',
  'WAL_BATCH_BYTES_MAX',
  'WAL_CACHE_BYTES',
  'LEASE_CHECKPOINT_DRIFT_SECONDS_MIN',
  'LEASE_CHECKPOINT_DRIFT_SECONDS_MAX',
  'LEASE_CHECKPOINT_SWEEP_MS',
  'LEASE_AWAKE_ALARM_MS',
] as const;
export type WatchConstant = (typeof WATCH_CONSTANTS)[number];
export type TunableConstant = (typeof TUNABLE_CONSTANTS)[number];
/** Those that lease/lease-tuning.ts draws. */
export type LeaseConstant = Extract<TunableConstant, `LEASE_${string}`>;

/** What the loaded constants module offers beside its constants. */
export interface TunedModule {
  /** Sets the given constants, and all other tunable ones to what the source says. */
  tuneForSimulation(values: Readonly<Partial<Record<TunableConstant, number>>>): void;
}

/** Files patched so far, for `assertPatched`. */
const patched = new Set<string>();

export function installPatches(mutations: readonly Patch[]): void {
  // A mutant may replace what an addition looks for, so additions come last.
  const patches: readonly Patch[] = [...mutations, RAW_CHANGE_PATCH];
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.startsWith(ROOT) || !loaded.source) return loaded;
      const file = url.slice(ROOT.length);
      const mine = patches.filter((patch) => patch.file === file);
      if (mine.length === 0 && file !== CONSTANTS_FILE) return loaded;
      let text =
        typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source);
      for (const patch of mine) text = applyPatch(text, patch);
      if (file === CONSTANTS_FILE) text = makeTunable(text);
      patched.add(file);
      return { ...loaded, source: text };
    },
  });
}

/** @throws PatchError when a patch was installed for a file that nothing imported. */
export function assertPatched(patches: readonly Patch[]): void {
  for (const { file } of patches) {
    if (!patched.has(file)) throw new PatchError(`patch ${file}: nothing imports that file`);
  }
}

/** @throws PatchError unless `find` occurs exactly once. */
export function applyPatch(text: string, patch: Patch): string {
  const count = text.split(patch.find).length - 1;
  if (count !== 1) {
    throw new PatchError(
      `patch ${patch.file}: ${JSON.stringify(patch.find)} occurs ${count} times, expected once`,
    );
  }
  return text.replace(patch.find, () => patch.replace);
}

/** Turns tunable constants into live bindings with a setter. Importers see the new value at once. */
export function makeTunable(text: string): string {
  let tunable = text;
  for (const name of TUNABLE_CONSTANTS) {
    tunable = applyPatch(tunable, {
      file: CONSTANTS_FILE,
      find: `export const ${name} =`,
      replace: `export let ${name} =`,
    });
  }
  const defaults = TUNABLE_CONSTANTS.map((name) => `DEFAULT_${name} = ${name}`).join(', ');
  const sets = TUNABLE_CONSTANTS.map((name) => `${name} = values.${name} ?? DEFAULT_${name};`).join(
    ' ',
  );
  return `${tunable}\nconst ${defaults};\nexport function tuneForSimulation(values) { ${sets} }\n`;
}
