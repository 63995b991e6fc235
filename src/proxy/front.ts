/** One port for HTTP/2 and HTTP/1.1, as etcd has it: the first bytes tell which it is, under TLS the handshake. */
import type { Http2Server } from 'node:http2';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTls } from 'node:tls';
import { PROXY_FIRST_BYTE_TIMEOUT_MS } from '../constants.ts';
import { HTTP2_SETTINGS } from './http2-options.ts';
import { openHttp2 } from './opening.ts';

/** How every HTTP/2 connection begins. No HTTP/1.1 method begins with these letters. */
const PREFACE_BEGIN = Buffer.from('PRI', 'latin1');

export interface FrontOptions {
  readonly http2: Http2Server;
  /** Takes over any other connection. What the client has sent so far can still be read from it. */
  readonly other: (socket: Socket) => void;
}

/** A TCP server that is not listening yet. */
export function createFront({ http2, other }: FrontOptions): Server {
  return createServer({ noDelay: true, keepAlive: true }, (socket) => {
    const giveUp = (): void => void socket.destroy();
    socket.on('error', giveUp);
    socket.setTimeout(PROXY_FIRST_BYTE_TIMEOUT_MS, giveUp);
    const look = (): void => {
      const begin = socket.read() as Buffer | null;
      if (begin === null) return;
      const isHttp2 = PREFACE_BEGIN.subarray(0, begin.length).equals(begin.subarray(0, 3));
      socket.unshift(begin);
      if (isHttp2 && begin.length < PREFACE_BEGIN.length) return;
      socket.off('readable', look);
      socket.off('error', giveUp);
      socket.setTimeout(0);
      socket.off('timeout', giveUp);
      if (isHttp2) openHttp2(socket, http2, HTTP2_SETTINGS);
      else other(socket);
    };
    socket.on('readable', look);
  });
}

/** Contents of files in PEM. */
export interface TlsFiles {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Who signs clients' certificates. */
  readonly ca: Buffer | undefined;
  /** Clients without a good certificate are turned away. */
  readonly clientCertAuth: boolean;
}

/** The same over TLS. @throws Error when certificate and key do not fit */
export function createTlsFront({ http2, other }: FrontOptions, files: TlsFiles): Server {
  const { cert, key, ca, clientCertAuth } = files;
  const server = createTls(
    {
      cert,
      key,
      ...(ca === undefined ? {} : { ca }),
      requestCert: clientCertAuth,
      rejectUnauthorized: clientCertAuth,
      ALPNProtocols: ['h2', 'http/1.1'],
      handshakeTimeout: PROXY_FIRST_BYTE_TIMEOUT_MS,
      noDelay: true,
      keepAlive: true,
    },
    (socket) => {
      if (socket.alpnProtocol === 'h2') openHttp2(socket, http2, HTTP2_SETTINGS);
      else other(socket);
    },
  );
  // One client's failed handshake is its own business.
  server.on('tlsClientError', () => undefined);
  return server;
}
