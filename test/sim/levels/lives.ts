/** Which reads are of one life of a member: what it has shown in one must not go back. */
import type { NodeId } from '../../../src/raft/types.ts';
import type { HostCounts } from '../host.ts';

/** What of an object's host counts here. */
export interface LivesHost<I> {
  readonly id: NodeId;
  readonly counts: Pick<HostCounts, 'builds' | 'sleeps'>;
  /** The old instance beside the current one. */
  readonly twin: { readonly instance: I } | undefined;
}

/** Objects of a member that followed each other by sleep alone live one life. */
export class Lives<I extends object> {
  readonly #lives = new WeakMap<I, number>();
  /** By member: its newest life, and how many of its objects it had then had that did not sleep. */
  readonly #newest = new Map<NodeId, { readonly life: number; readonly ends: number }>();
  #count = 0;

  of(host: LivesHost<I>, object: I): number {
    const life = this.#lives.get(object) ?? this.#begun(host, object);
    this.#lives.set(object, life);
    return life;
  }

  #begun({ id, counts, twin }: LivesHost<I>, object: I): number {
    // Nobody read there before it was taken over: which life it went on with is not known any more.
    if (twin?.instance === object) return ++this.#count;
    const ends = counts.builds - counts.sleeps;
    const before = this.#newest.get(id);
    const life = before?.ends === ends ? before.life : ++this.#count;
    this.#newest.set(id, { life, ends });
    return life;
  }
}
