/**
 * Why the server closes a client's WebSocket. A client that watches goes on after RESTART and
 * TRY_AGAIN, and after a connection that just broke (1005, 1006): it opens a new one and creates its
 * watchers again from the revision after the last it saw. All other codes mean that the same again
 * would end the same way.
 */
export interface Close {
  readonly code: number;
  /** At most 123 bytes, which is what a close frame holds. */
  readonly reason: string;
}

export const CLOSE = {
  /** The client closed, or all is said. */
  DONE: { code: 1000, reason: '' },
  /** A session's frame is none, or not at its time; the reason says what is wrong. */
  PROTOCOL_ERROR: { code: 1002, reason: 'the session protocol was not kept' },
  /** The request is not what belongs here; the frame before says what is wrong with it. */
  BAD_REQUEST: { code: 1007, reason: 'not a request; see the frame before' },
  /** Messages wait longer than a limit, and the client reads none of them. */
  NOT_READING: { code: 1008, reason: 'the client does not read what it is sent' },
  /** One message of the client is longer than a limit. */
  TOO_BIG: { code: 1009, reason: 'the message is too long' },
  /** The stream ended by an error; the frame before says which. */
  ENDED: { code: 1011, reason: 'the stream ended; see the frame before' },
  /** The member goes away or starts anew, as in a deploy: resume. */
  RESTART: { code: 1012, reason: 'the member restarts: resume from the last revision' },
  /** The member has no room for another connection or request now: resume later, or elsewhere. */
  TRY_AGAIN: { code: 1013, reason: 'the member is full: try again later' },
} as const satisfies Readonly<Record<string, Close>>;
