import { StatusError } from '../api/errors.ts';
import { LOCK_WAITERS_MAX } from '../constants.ts';
import type { Change, Key } from '../mvcc/types.ts';

interface Waiter {
  readonly keys: readonly Key[];
  readonly wake: () => void;
  readonly fail: (error: StatusError) => void;
}

/**
 * Calls that wait at this member until a key is deleted. A key that is gone never comes back with the
 * create revision it had, so nobody needs to be told more than "look again".
 */
export class KeyWaits {
  readonly #byKey = new Map<Key, Set<Waiter>>();
  readonly #waiters = new Set<Waiter>();

  get size(): number {
    return this.#waiters.size;
  }

  /**
   * Resolves after the first deletion of one of `keys`, and sometimes for nothing.
   * @param onCancel is handed a function that ends the wait with an error
   * @throws StatusError requestTooManyRequests when LOCK_WAITERS_MAX calls wait already
   */
  wait(keys: readonly Key[], onCancel: (end: (error: StatusError) => void) => void): Promise<void> {
    if (this.#waiters.size >= LOCK_WAITERS_MAX) throw StatusError.of('requestTooManyRequests');
    return new Promise((wake, fail) => {
      const waiter = { keys, wake, fail };
      this.#waiters.add(waiter);
      for (const key of keys) {
        const others = this.#byKey.get(key);
        if (others === undefined) this.#byKey.set(key, new Set([waiter]));
        else others.add(waiter);
      }
      onCancel((error) => {
        if (this.#forget(waiter)) fail(error);
      });
    });
  }

  notify(changes: readonly Change[]): void {
    if (this.#waiters.size === 0) return;
    for (const { type, kv } of changes) {
      if (type !== 'delete') continue;
      for (const waiter of this.#byKey.get(kv.key) ?? []) {
        if (this.#forget(waiter)) waiter.wake();
      }
    }
  }

  /** The store was replaced: everyone is to look again. */
  restored(): void {
    for (const waiter of this.#waiters) if (this.#forget(waiter)) waiter.wake();
  }

  failAll(error: StatusError): void {
    for (const waiter of this.#waiters) if (this.#forget(waiter)) waiter.fail(error);
  }

  #forget(waiter: Waiter): boolean {
    if (!this.#waiters.delete(waiter)) return false;
    for (const key of waiter.keys) {
      const others = this.#byKey.get(key);
      others?.delete(waiter);
      if (others?.size === 0) this.#byKey.delete(key);
    }
    return true;
  }
}
