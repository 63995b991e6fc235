/** What gRPC writes into HTTP/2 headers: metadata, statuses, timeouts. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { Code, StatusError } from '../api/errors.ts';
import type { Metadata, Status } from '../client/channel.ts';

/** Headers that belong to one hop of HTTP or to gRPC itself, and are not metadata. */
const NOT_METADATA: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-length',
  'content-type',
  'grpc-accept-encoding',
  'grpc-encoding',
  'grpc-message-type',
  'grpc-timeout',
  'host',
  'te',
  'trailer',
  'transfer-encoding',
  'user-agent',
]);
const NO_METADATA: Metadata = [];
const BINARY_SUFFIX = '-bin';

/** @throws StatusError for a value in `-bin` that is no base64 */
export function metadataOf(headers: IncomingHttpHeaders): Metadata {
  let metadata: [string, string | Uint8Array][] | undefined;
  for (const name in headers) {
    if (name.startsWith(':') || NOT_METADATA.has(name)) continue;
    const value = headers[name];
    if (value === undefined) continue;
    metadata ??= [];
    for (const text of typeof value === 'string' ? [value] : value) addValue(metadata, name, text);
  }
  return metadata ?? NO_METADATA;
}

function addValue(metadata: [string, string | Uint8Array][], name: string, text: string): void {
  if (!name.endsWith(BINARY_SUFFIX)) {
    metadata.push([name, text]);
    return;
  }
  // Values of one name may have been joined on the way.
  for (const part of text.split(',')) metadata.push([name, bytesOfBase64(name, part.trim())]);
}

function bytesOfBase64(name: string, text: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    throw new StatusError(Code.Internal, `malformed binary metadata "${text}" in header "${name}"`);
  }
  return Buffer.from(text, 'base64');
}

/** Adds metadata to headers on their way out. Names that HTTP or gRPC owns are passed over. */
export function addMetadata(headers: OutgoingHttpHeaders, metadata: Metadata): void {
  for (const [name, value] of metadata) {
    if (name.startsWith(':') || name.startsWith('grpc-') || NOT_METADATA.has(name)) continue;
    const text = typeof value === 'string' ? value : base64(value);
    const before = headers[name];
    headers[name] =
      before === undefined ? text : [...(Array.isArray(before) ? before : [String(before)]), text];
  }
}

/** The headers that end a call. */
export function statusHeaders(status: Status, trailers: Metadata): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { 'grpc-status': String(status.code) };
  if (status.message !== '') headers['grpc-message'] = percentEncoded(status.message);
  if (status.details !== undefined) headers['grpc-status-details-bin'] = base64(status.details);
  if (trailers.length > 0) addMetadata(headers, trailers);
  return headers;
}

/** gRPC's form of base64: without padding. */
function base64(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString('base64').replace(/=+$/, '');
}

/** Printable ASCII stands for itself, but for `%`; all else is `%XX` for each byte of its UTF-8. */
export function percentEncoded(text: string): string {
  if (/^[ -$&-~]*$/.test(text)) return text;
  let encoded = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    encoded +=
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};
/** Longer timers than this fire at once in Node; 24 days are as good as none. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

/** A `grpc-timeout`, in whole milliseconds, rounded up. @throws StatusError */
export function timeoutMsOf(text: string): number {
  const match = /^(\d{1,8})([HMSmun])$/.exec(text);
  if (match === null) throw new StatusError(Code.Internal, `malformed grpc-timeout: "${text}"`);
  const [, digits = '', unit = ''] = match;
  return Math.min(TIMEOUT_MS_MAX, Math.ceil(Number(digits) * (UNIT_MS[unit] ?? 0)));
}
