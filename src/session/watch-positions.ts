/** How far the client of a stream is: all that another member needs to go on where one has stopped. */
import {
  toBigInt,
  toClampedNumber,
  type WatchCreateRequest,
  type WatchRequest,
} from '../api/messages.ts';
import type { Resumption } from './items.ts';

/** What a message of a watch stream says about where its watchers are. */
export interface SentMessage {
  readonly watchId: bigint;
  /** Of the header. */
  readonly revision: number;
  /** Revision after the last event; 0 when the message holds none. */
  readonly next: number;
  readonly created: boolean;
  readonly canceled: boolean;
  /** More of the same revision follows. */
  readonly fragment: boolean;
}

interface Position {
  readonly request: WatchCreateRequest;
  /** First revision that the client has not seen. */
  next: number;
}

export class Positions {
  readonly #watchers = new Map<bigint, Position>();
  /** Creations, and cancels of watchers that may exist, in order; none of them is answered yet. */
  #unanswered: WatchRequest[] = [];
  #nextId = 0n;
  #sentRevision = 0;

  /** Requests to be sent again to a member that takes the stream up. */
  get unanswered(): readonly WatchRequest[] {
    return this.#unanswered;
  }

  /** What a member needs to know first; undefined when no member has done anything yet. */
  get resumption(): Resumption | undefined {
    if (this.#sentRevision === 0) return undefined;
    return {
      nextId: Number(this.#nextId),
      sentRevision: this.#sentRevision,
      watchers: [...this.#watchers].map(([id, { request, next }]) => ({ id, next, request })),
    };
  }

  /** The client asked. */
  asked(request: WatchRequest): void {
    const { create_request: create, cancel_request: cancel } = request;
    if (create !== null) this.#unanswered.push(request);
    if (cancel === null) return;
    const mayExist = this.#watchers.has(toBigInt(cancel.watch_id)) || this.#unanswered.length > 0;
    if (mayExist) this.#unanswered.push(request);
  }

  /** The client is sent `message`. Returns the revision to resume from if it were the last; 0: unknown. */
  sent(message: SentMessage): number {
    const { watchId, revision, next } = message;
    this.#sentRevision = Math.max(this.#sentRevision, revision);
    if (message.created) return this.#created(message);
    if (message.canceled) {
      this.#canceled(watchId);
      return 0;
    }
    if (message.fragment) return 0;
    if (next === 0) return this.#progressed(message);
    this.#moveOn(watchId, next);
    return next;
  }

  /** Every watcher but those `behind` was sent all events up to `revision`. */
  reached(revision: number, behind: readonly bigint[] = []): void {
    const excepted = new Set(behind);
    for (const id of this.#watchers.keys()) if (!excepted.has(id)) this.#moveOn(id, revision + 1);
  }

  #created({ watchId, revision, canceled }: SentMessage): number {
    const index = this.#unanswered.findIndex((request) => request.create_request !== null);
    const [answered] = index < 0 ? [] : this.#unanswered.splice(index, 1);
    const request = answered?.create_request ?? null;
    let next = 0;
    if (!canceled && request !== null) {
      const start = toClampedNumber(request.start_revision);
      next = start > 0 ? start : revision + 1;
      this.#watchers.set(watchId, { request, next });
      const isAssigned = toBigInt(request.watch_id) === 0n;
      if (isAssigned && watchId >= this.#nextId) this.#nextId = watchId + 1n;
    }
    this.#forgetVainCancels();
    return next;
  }

  #canceled(watchId: bigint): void {
    this.#watchers.delete(watchId);
    this.#forgetVainCancels();
  }

  /** A cancel of what does not exist is never answered. */
  #forgetVainCancels(): void {
    if (this.#unanswered.some((request) => request.create_request !== null)) return;
    this.#unanswered = this.#unanswered.filter(
      ({ cancel_request: cancel }) =>
        cancel !== null && this.#watchers.has(toBigInt(cancel.watch_id)),
    );
  }

  /** A message without events: for one watcher, or (-1) for all of them. */
  #progressed({ watchId, revision }: SentMessage): number {
    if (watchId === -1n) this.reached(revision);
    else this.#moveOn(watchId, revision + 1);
    return revision + 1;
  }

  #moveOn(watchId: bigint, next: number): void {
    const position = this.#watchers.get(watchId);
    if (position !== undefined) position.next = Math.max(position.next, next);
  }
}
