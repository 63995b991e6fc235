/**
 * The first frames of an HTTP/2 connection, before Node's own HTTP/2 gets it: they tell whether the client's
 * authority has to be corrected all the time (see authority.ts). Reading through JavaScript costs a quarter more
 * per call, and few clients need it.
 *
 * Go's clients send no request before the server has spoken. So SETTINGS are said here if the client waits for
 * them; HTTP/2 says its own once more, and the acknowledgement of the first is taken out.
 */
import { getPackedSettings, type Http2Server, type Settings } from 'node:http2';
import type { Socket } from 'node:net';
import { PROXY_FIRST_BYTE_TIMEOUT_MS, PROXY_FIRST_REQUEST_WAIT_MS } from '../constants.ts';
import {
  FRAME_ACK,
  FRAME_HEAD_BYTES,
  FRAME_HEADERS,
  FRAME_SETTINGS,
  hasGoodAuthority,
  PREFACE_BYTES,
} from './authority.ts';
import { FilteredSocket } from './filtered-socket.ts';

/** Gives the connection to `http2`, whose settings are `settings`, once it is clear how. */
export function openHttp2(socket: Socket, http2: Http2Server, settings: Settings): void {
  let received: Buffer = Buffer.alloc(0);
  let haveSpoken = false;
  const giveUp = (): void => void socket.destroy();
  const hand = (isGood: boolean, bytes: Buffer): void => {
    clearInterval(timer);
    socket.off('readable', read);
    socket.off('error', giveUp);
    socket.setTimeout(0);
    socket.off('timeout', giveUp);
    socket.unshift(bytes);
    http2.emit('connection', isGood ? socket : new FilteredSocket(socket));
  };
  const decide = (isLate: boolean): void => {
    const { headers, ack, hasSettings } = firstFrames(received);
    if (!haveSpoken) {
      if (headers !== undefined) hand(hasGoodAuthority(headers), received);
      else if (hasSettings) {
        haveSpoken = true;
        socket.write(settingsFrame(settings));
      }
      return;
    }
    if (ack === undefined || (headers === undefined && !isLate)) return;
    const rest = [received.subarray(0, ack), received.subarray(ack + FRAME_HEAD_BYTES)];
    hand(headers !== undefined && hasGoodAuthority(headers), Buffer.concat(rest));
  };
  const read = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    received = Buffer.concat([received, chunk]);
    decide(false);
  };
  // A client may connect, and have nothing to ask but pings.
  const timer = setInterval(() => decide(true), PROXY_FIRST_REQUEST_WAIT_MS).unref();
  socket.on('close', () => clearInterval(timer));
  socket.on('error', giveUp);
  socket.setTimeout(PROXY_FIRST_BYTE_TIMEOUT_MS, giveUp);
  socket.on('readable', read);
  read();
}

interface FirstFrames {
  /** The first HEADERS, whole. */
  readonly headers: Buffer | undefined;
  /** Where the first acknowledgement of SETTINGS is. */
  readonly ack: number | undefined;
  readonly hasSettings: boolean;
}

function firstFrames(bytes: Buffer): FirstFrames {
  let headers: Buffer | undefined;
  let ack: number | undefined;
  let hasSettings = false;
  for (let at = PREFACE_BYTES; at + FRAME_HEAD_BYTES <= bytes.length;) {
    const end = at + FRAME_HEAD_BYTES + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    const type = bytes[at + 3];
    if (type === FRAME_HEADERS) headers ??= bytes.subarray(at, end);
    if (type === FRAME_SETTINGS) {
      if (((bytes[at + 4] ?? 0) & FRAME_ACK) === 0) hasSettings = true;
      else ack ??= at;
    }
    at = end;
  }
  return { headers, ack, hasSettings };
}

function settingsFrame(settings: Settings): Buffer {
  const payload = getPackedSettings(settings);
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = FRAME_SETTINGS;
  return Buffer.concat([head, payload]);
}
