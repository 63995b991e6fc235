/**
 * Finds the watchers of a key: single keys by hash, ranges by an interval tree. Both hold groups, so
 * that ten thousand watchers on one range cost one look-up.
 */
import type { Change, Key, KeyRange } from '../mvcc/types.ts';
import { WatchEvent } from './event.ts';
import { IntervalTree } from './interval-tree.ts';
import { isSingleKey } from './watch-range.ts';
import { WatchGroup, type Watcher } from './watcher.ts';

export class WatcherIndex {
  readonly #keys = new Map<Key, WatchGroup>();
  readonly #ranges = new IntervalTree<WatchGroup>();
  /** Reused by every look-up. */
  readonly #found: WatchGroup[] = [];

  /** Groups, that is distinct ranges. */
  get size(): number {
    return this.#keys.size + this.#ranges.size;
  }

  /** The group of a range; a new one counts as present once a watcher was added with `add`. */
  groupOf(range: KeyRange): WatchGroup {
    const group = isSingleKey(range) ? this.#keys.get(range.start) : this.#ranges.get(range);
    return group ?? new WatchGroup(range);
  }

  add(watcher: Watcher): void {
    const { group } = watcher;
    if (group.watchers.length === 0) {
      if (isSingleKey(group)) this.#keys.set(group.start, group);
      else this.#ranges.set(group);
    }
    group.add(watcher);
  }

  remove(watcher: Watcher): void {
    const { group } = watcher;
    group.remove(watcher);
    if (group.watchers.length > 0) return;
    if (isSingleKey(group)) this.#keys.delete(group.start);
    else this.#ranges.delete(group);
  }

  /**
   * Puts each change as an event, one object for all, into `events` of every group that contains its
   * key. Returns the groups that got any; `takeEvents` is then to be called on each.
   */
  match(changes: readonly Change[]): WatchGroup[] {
    const touched: WatchGroup[] = [];
    for (const change of changes) {
      const found = this.#groupsOf(change.kv.key);
      if (found.length > 0) putEvent(new WatchEvent(change), found, touched);
    }
    return touched;
  }

  /** The same for some groups only. */
  matchAmong(groups: ReadonlySet<WatchGroup>, changes: readonly Change[]): WatchGroup[] {
    const few = groups.size <= FEW_GROUPS ? [...groups] : undefined;
    const touched: WatchGroup[] = [];
    for (const change of changes) {
      const { key } = change.kv;
      const found =
        few?.filter((group) => group.contains(key)) ??
        this.#groupsOf(key).filter((group) => groups.has(group));
      if (found.length > 0) putEvent(new WatchEvent(change), found, touched);
    }
    return touched;
  }

  /** Valid until the next call. */
  #groupsOf(key: Key): readonly WatchGroup[] {
    const found = this.#found;
    found.length = 0;
    const exact = this.#keys.get(key);
    if (exact !== undefined) found.push(exact);
    if (this.#ranges.size > 0) this.#ranges.containing(key, found);
    return found;
  }
}

/** Up to here, asking each group is cheaper than asking the index for all that match. */
const FEW_GROUPS = 8;

/** Takes the events out of a group. */
export function takeEvents(group: WatchGroup): readonly WatchEvent[] {
  const events = group.events ?? [];
  group.events = undefined;
  return events;
}

function putEvent(event: WatchEvent, groups: readonly WatchGroup[], touched: WatchGroup[]): void {
  for (const group of groups) {
    if (group.events === undefined) {
      group.events = [event];
      touched.push(group);
    } else {
      group.events.push(event);
    }
  }
}
