import type { SocketFactory } from '../client/socket.ts';

const CLOSED_ABNORMALLY = 1006;

/** Makes the one socket of a session of a WebSocket that a member has answered, not accepted yet. */
export function dialed(socket: WebSocket): SocketFactory {
  return (_url, _protocols, events) => {
    let isOver = false;
    const over = (code: number, reason: string): void => {
      if (isOver) return;
      isOver = true;
      events.closed(code, reason);
    };
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }) => {
      if (typeof data === 'string') events.message(data);
      else if (data instanceof ArrayBuffer) events.message(new Uint8Array(data));
    });
    socket.addEventListener('close', ({ code, reason }) => over(code, reason));
    socket.addEventListener('error', () => over(CLOSED_ABNORMALLY, 'the connection failed'));
    queueMicrotask(() => {
      socket.accept();
      events.opened();
    });
    return {
      send: (data) => {
        if (isOver) return;
        try {
          socket.send(data);
        } catch {
          over(CLOSED_ABNORMALLY, 'the connection is closed');
        }
      },
      close: () => {
        try {
          socket.close(1000);
        } catch {
          // It is closed already.
        }
      },
    };
  };
}
