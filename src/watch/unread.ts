/** What a receiver was sent and has not read yet, oldest first. */
import type { WatchMessage } from './message.ts';

/** Sums over messages. */
export interface UnreadSums {
  readonly messages: number;
  readonly bytes: number;
  readonly events: number;
}

const NONE: UnreadSums = { messages: 0, bytes: 0, events: 0 };

/**
 * What is kept of a message. Not the message itself: its events refer to values, and those to whole
 * pages or log batches.
 */
interface UnreadMessage {
  readonly bytes: number;
  /** 0 in an answer to a request. */
  readonly events: number;
}

export class Unread {
  /** Undefined while there is nothing: most streams are idle. */
  #messages: UnreadMessage[] | undefined;
  /** Messages from before the object lost its memory: read first. Nothing but their sums is known. */
  #earlier: UnreadSums = NONE;
  #bytes = 0;
  #controlBytes = 0;

  get count(): number {
    return this.#earlier.messages + (this.#messages?.length ?? 0);
  }

  get bytes(): number {
    return this.#earlier.bytes + this.#bytes;
  }

  /** Bytes of answers to requests among them. */
  get controlBytes(): number {
    return this.#controlBytes;
  }

  push(message: WatchMessage): void {
    const unread = { bytes: message.weight, events: message.eventCount };
    if (this.#messages === undefined) this.#messages = [unread];
    else this.#messages.push(unread);
    this.#bytes += unread.bytes;
    if (unread.events === 0) this.#controlBytes += unread.bytes;
  }

  /** The `count` oldest were read; a count beyond what there is means all. Returns what that freed. */
  shift(count: number): UnreadSums {
    let { messages, bytes, events } = this.#shiftEarlier(Math.min(count, this.#earlier.messages));
    const read = this.#messages?.splice(0, count - messages) ?? [];
    for (const message of read) {
      messages++;
      bytes += message.bytes;
      events += message.events;
      this.#bytes -= message.bytes;
      if (message.events === 0) this.#controlBytes -= message.bytes;
    }
    if (this.#messages?.length === 0) this.#messages = undefined;
    return { messages, bytes, events };
  }

  /** Takes up what was unread when the stream was saved. */
  restore(messages: number, bytes: number): void {
    this.#earlier = { messages, bytes, events: 0 };
  }

  #shiftEarlier(count: number): UnreadSums {
    if (count === 0) return NONE;
    const { messages, bytes } = this.#earlier;
    const freed = count === messages ? bytes : Math.floor((bytes / messages) * count);
    this.#earlier = { messages: messages - count, bytes: bytes - freed, events: 0 };
    return { messages: count, bytes: freed, events: 0 };
  }
}
