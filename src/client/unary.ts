import { codeOf, StatusError } from '../api/errors.ts';
import type { MessageType } from '../api/messages.ts';
import type { CallOptions, Channel } from './channel.ts';

/**
 * One request, with its message type, and the one answer. `method` is its full name, such as
 * `etcdserverpb.KV/Put`. @throws StatusError with the code and text of etcd
 */
export function unary<Q extends object, I, A extends object>(
  channel: Channel,
  method: string,
  [requestType, request]: readonly [MessageType<Q, I>, I],
  answerType: MessageType<A, never>,
  options: CallOptions = {},
): Promise<A> {
  return new Promise((resolve, reject) => {
    let answer: A | undefined;
    const call = channel.open(method, options, {
      onMessage: (body) => (answer = answerType.decode(body)),
      onEnd: ({ code, message }) => {
        if (code === 0) resolve(answer ?? answerType.decode(new Uint8Array(0)));
        else reject(new StatusError(codeOf(code), message));
      },
    });
    call.send(requestType.encode(request).finish());
    call.halfClose();
  });
}
