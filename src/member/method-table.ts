import type { MessageType, ResponseHeaderInput } from '../api/messages.ts';
import type { Call } from './call.ts';

/** Fills the parts of a header that only the answering member knows. */
export type Stamp = (header: ResponseHeaderInput | null | undefined) => ResponseHeaderInput;

/** Answers an encoded request with an encoded response. @throws StatusError */
export type UnaryMethod = (body: Uint8Array, stamp: Stamp, call: Call) => Promise<Uint8Array>;

export interface EncodedPage {
  readonly body: Uint8Array;
  /** For the next page; undefined after the last. */
  readonly next: Uint8Array | undefined;
}

export type PagedMethod = (
  body: Uint8Array,
  cursor: Uint8Array | undefined,
  stamp: Stamp,
  call: Call,
) => Promise<EncodedPage>;

/** Where a call stands that has begun: answered, or to be waited for from `state`. */
export type Begun =
  | { readonly body: Uint8Array; readonly state?: undefined }
  | { readonly body?: undefined; readonly state: Uint8Array };

/** A method with one answer that may be long in coming, longer than this instance of the member lives. */
export interface WaitingMethod {
  readonly begin: (body: Uint8Array, stamp: Stamp) => Promise<Begun>;
  /** @param state of `begin`, here or at an earlier instance of this member */
  readonly wait: UnaryMethod;
}

export type Method =
  | { readonly kind: 'unary'; readonly run: UnaryMethod }
  | { readonly kind: 'paged'; readonly run: PagedMethod }
  | ({ readonly kind: 'waiting' } & WaitingMethod);

/** Methods by full name, such as `etcdserverpb.KV/Put`. */
export type ServiceTable = Readonly<Record<string, Method>>;

interface WithHeader {
  readonly header?: ResponseHeaderInput | null | undefined;
}

export function unaryMethod<Q extends object, I extends WithHeader>(
  request: MessageType<Q, never>,
  response: MessageType<object, I>,
  run: (request: Q, call: Call) => Promise<WithHeader>,
): Method {
  return {
    kind: 'unary',
    run: async (body, stamp, call) => {
      const answer = await run(request.decode(body), call);
      return response.encode({ ...answer, header: stamp(answer.header) } as I).finish();
    },
  };
}

/** A server stream pulled page by page; the header rides on the last page (RangeStream). */
export function pagedMethod<Q extends object, I extends object>(
  request: MessageType<Q, never>,
  response: MessageType<object, I>,
  run: (
    request: Q,
    cursor: Uint8Array | undefined,
    stamp: Stamp,
    call: Call,
  ) => Promise<{ readonly response: I; readonly next: Uint8Array | undefined }>,
): Method {
  return {
    kind: 'paged',
    run: async (body, cursor, stamp, call) => {
      const page = await run(request.decode(body), cursor, stamp, call);
      return { body: response.encode(page.response).finish(), next: page.next };
    },
  };
}
