/**
 * A deployment's token among the subprotocols of a WebSocket, where browsers cannot set headers. What may not
 * stand in a subprotocol (RFC 9110's token), and `%`, is `%XX` for each byte of its UTF-8.
 */
import { encodeUtf8 } from '../lib/utf8.ts';

export function subprotocolOfToken(token: string): string {
  return Array.from(encodeUtf8(token), (byte) => {
    const character = String.fromCharCode(byte);
    if (MAY_STAND.test(character)) return character;
    return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}

/** Undefined for what nobody encoded so. */
export function tokenOfSubprotocol(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

const MAY_STAND = /[A-Za-z0-9!#$&'*+.^_`|~-]/;
