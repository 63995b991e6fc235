/** What an instance that cannot go on says. */
import type { StatusError } from '../api/errors.ts';
import { UnknownRequestError } from '../apply/unknown-request.ts';
import type { RowStore } from '../lib/row-store.ts';
import type { Log } from './ports.ts';
import { isCorruption, noteDamage } from './recovery.ts';

/**
 * An entry of a newer version: every instance of this one would end at it, so it stays, idle, and refuses
 * everything with this. Undefined: the error is another.
 */
export function waitForNewerVersion(member: string, error: unknown): StatusError | undefined {
  return error instanceof UnknownRequestError ? error.refusalAt(member) : undefined;
}

/** For the log. */
export function traceOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Notes damage for the next instance, which finds by itself what a full disk keeps from being noted. */
export function noteIfDamaged(rows: RowStore, error: unknown, log: Log): void {
  if (!isCorruption(error)) return;
  try {
    noteDamage(rows, error);
  } catch (failure) {
    log.warn('damage cannot be noted', { error: traceOf(failure) });
  }
}
