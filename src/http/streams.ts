/** Answers that are streams of messages, written as the client's protocol has them. */
import { StatusError } from '../api/errors.ts';
import { errorLine, resultLine } from '../api/json.ts';
import type { MessageType } from '../api/messages.ts';
import { concatBytes } from '../lib/bytes.ts';
import { encodeUtf8 } from '../lib/utf8.ts';
import type { CallResult } from '../member/rpc.ts';
import { statusOf } from './calls.ts';

/** How a stream is written. */
export interface StreamFormat {
  readonly contentType: string;
  /** @param body an encoded message of `type` */
  message(type: MessageType, body: Uint8Array): Uint8Array;
  /** The last thing on the stream; undefined: all went well. May be empty. */
  end(error: StatusError | undefined): Uint8Array;
  /**
   * Written now and then to a silent stream that waits for events: the runtime notices by writing only
   * that a client has hung up. Empty where the protocol has nothing that means nothing.
   */
  readonly heartbeat: Uint8Array;
}

/** etcd's gateway: a line for each message, and one for an error. */
export const JSON_LINES: StreamFormat = {
  contentType: 'application/json',
  message: (type, body) => encodeUtf8(resultLine(type, type.decode(body))),
  end: (error) => encodeUtf8(error === undefined ? '' : errorLine(error)),
  // A blank in front of a line means nothing to a reader of JSON.
  heartbeat: encodeUtf8(' '),
};

/** A source of messages: encoded ones that are ready together, or undefined at the end. */
export type PullMessages = () => Promise<readonly Uint8Array[] | undefined>;

/** The answer that holds what `pull` gives, which is asked for more only when the client took that. */
export function streamOf(
  format: StreamFormat,
  type: MessageType,
  pull: PullMessages,
  cancel?: () => void,
): Response {
  const source: UnderlyingSource<Uint8Array> = {
    async pull(controller) {
      const write = (bytes: Uint8Array): void => {
        if (bytes.length > 0) controller.enqueue(bytes);
      };
      try {
        const bodies = await pull();
        if (bodies !== undefined) {
          write(concatBytes(bodies.map((body) => format.message(type, body))));
          return;
        }
        write(format.end(undefined));
      } catch (error) {
        write(format.end(StatusError.from(error)));
      }
      controller.close();
    },
    ...(cancel === undefined ? {} : { cancel }),
  };
  const body = new ReadableStream<Uint8Array>(source, { highWaterMark: 0 });
  return new Response(body, { headers: { 'Content-Type': format.contentType } });
}

/** The pages of a paged method, beginning with one that is here already. */
export function pagesFrom(
  first: CallResult,
  next: (cursor: Uint8Array) => Promise<CallResult>,
): PullMessages {
  let page: CallResult | undefined;
  return async () => {
    if (page === undefined) page = first;
    else if (page.cursor === undefined) return undefined;
    else page = await next(page.cursor);
    if (page.code !== 0) throw statusOf(page);
    return [page.body];
  };
}
