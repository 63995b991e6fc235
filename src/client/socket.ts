/** WebSockets as a session needs them, whoever makes them. */

export interface SocketEvents {
  opened(): void;
  /** Bytes for a binary frame, text for a text frame. */
  message(data: Uint8Array | string): void;
  /** The last event; 1006 when the connection could not be made or just broke. */
  closed(code: number, reason: string): void;
}

export interface ClientSocket {
  /** Only between `opened` and `closed`. */
  send(data: Uint8Array | string): void;
  close(): void;
}

/** Begins to connect. No event is called before it has returned. */
export type SocketFactory = (
  url: string,
  protocols: readonly string[],
  events: SocketEvents,
) => ClientSocket;

const CLOSED_ABNORMALLY = 1006;

/** The platform's own: browsers, Workers, Node. */
export const globalSocket: SocketFactory = (url, protocols, events) => {
  const socket = new WebSocket(url, [...protocols]);
  socket.binaryType = 'arraybuffer';
  let isOver = false;
  const over = (code: number, reason: string): void => {
    if (isOver) return;
    isOver = true;
    events.closed(code, reason);
  };
  socket.addEventListener('open', () => events.opened());
  socket.addEventListener('message', ({ data }: { data: unknown }) => {
    if (typeof data === 'string') events.message(data);
    else if (data instanceof ArrayBuffer) events.message(new Uint8Array(data));
  });
  socket.addEventListener('close', ({ code, reason }) => over(code, reason));
  socket.addEventListener('error', () => over(CLOSED_ABNORMALLY, 'the connection failed'));
  return {
    send: (data) => socket.send(data),
    close: () => socket.close(),
  };
};
