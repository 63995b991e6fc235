import type { CallOptions, Channel, Status } from '../client/channel.ts';

/** One request and its answer, which is empty unless the status is OK. */
export function unary(
  channel: Channel,
  method: string,
  options: CallOptions,
  body: Uint8Array,
): Promise<{ readonly status: Status; readonly body: Uint8Array }> {
  return new Promise((resolve) => {
    let answer = new Uint8Array(0);
    const call = channel.open(method, options, {
      onMessage: (message) => (answer = Uint8Array.from(message)),
      onEnd: (status) => resolve({ status, body: answer }),
    });
    call.send(body);
    call.halfClose();
  });
}
