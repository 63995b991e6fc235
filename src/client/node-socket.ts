/** Sockets of the `ws` package, for Node: a round trip takes it two thirds of what Node's own takes. */
import WebSocket from 'ws';
import type { SocketFactory } from './socket.ts';

const CLOSED_ABNORMALLY = 1006;

export const nodeSocket: SocketFactory = (url, protocols, events) => {
  const socket = new WebSocket(url, [...protocols], {
    perMessageDeflate: false,
    // The frames of a server are as long as its answers; our reader bounds what is in them.
    maxPayload: 0,
  });
  let isOver = false;
  const over = (code: number, reason: string): void => {
    if (isOver) return;
    isOver = true;
    events.closed(code, reason);
  };
  socket.on('open', () => events.opened());
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    events.message(isBinary ? plain(data) : data.toString());
  });
  socket.on('close', (code, reason) => over(code, reason.toString()));
  socket.on('error', (error) => over(CLOSED_ABNORMALLY, error.message));
  return {
    send: (data) => socket.send(data),
    close: () => socket.close(),
  };
};

/** Node's Buffer slices into Buffers, which differ from Uint8Array in small ways: none gets further. */
function plain(data: Buffer): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.length);
}
