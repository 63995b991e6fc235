/** Who leads an election, followed through the changes of its candidates' keys (etcd's rule E4). */
import { EventType, type KeyValue, toNumber, type WatchResponse } from '../api/messages.ts';
import { byteString } from '../lib/bytes.ts';

export class ElectionLeaders {
  readonly #candidates = new Map<string, KeyValue>();
  /** Key and revision of the leader told last. */
  #told: string;

  /** @param told what `identity` gave before; empty: nobody was told yet */
  constructor(candidates: readonly KeyValue[], told = '') {
    for (const kv of candidates) this.#candidates.set(byteString(kv.key), kv);
    this.#told = told;
  }

  /** Names the leader told last, and its value's revision. */
  get identity(): string {
    return this.#told;
  }

  /** The leader, if there is one and it was not told yet. */
  news(): KeyValue | undefined {
    let leader: KeyValue | undefined;
    for (const kv of this.#candidates.values()) {
      if (leader === undefined || kv.create_revision.lessThan(leader.create_revision)) leader = kv;
    }
    if (leader === undefined) return undefined;
    const identity = `${toNumber(leader.mod_revision)} ${byteString(leader.key)}`;
    if (identity === this.#told) return undefined;
    this.#told = identity;
    return leader;
  }

  /** The leaders that a watch's events show, in order; what one revision did is seen at once. */
  follow({ events }: WatchResponse): KeyValue[] {
    const leaders: KeyValue[] = [];
    events.forEach(({ type, kv }, index) => {
      if (kv === null) return;
      if (type === EventType.DELETE) this.#candidates.delete(byteString(kv.key));
      else this.#candidates.set(byteString(kv.key), kv);
      const next = events[index + 1]?.kv;
      if (next?.mod_revision.equals(kv.mod_revision) === true) return;
      const leader = this.news();
      if (leader !== undefined) leaders.push(leader);
    });
    return leaders;
  }
}
