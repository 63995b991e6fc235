/** Conversions between bytes, byte strings (one UTF-16 unit 0..255 per byte) and hexadecimal. */

export const EMPTY_BYTES: Uint8Array = new Uint8Array(0);

/** `String.fromCharCode` takes its arguments on the stack; more than this at once may overflow it. */
const CHARS_PER_CALL = 4096;

/** The byte string of `bytes`: same length, same order under `<` as bytewise comparison. */
export function byteString(bytes: Uint8Array): string {
  const length = bytes.length;
  if (length <= CHARS_PER_CALL) {
    return String.fromCharCode.apply(null, bytes as unknown as number[]);
  }
  let text = '';
  for (let at = 0; at < length; at += CHARS_PER_CALL) {
    const part = bytes.subarray(at, Math.min(at + CHARS_PER_CALL, length));
    text += String.fromCharCode.apply(null, part as unknown as number[]);
  }
  return text;
}

/** The bytes of a byte string. */
export function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** Negative, zero or positive as `left` sorts before, equal to or after `right`, bytewise. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const shared = Math.min(left.length, right.length);
  for (let at = 0; at < shared; at++) {
    const difference = (left[at] as number) - (right[at] as number);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && compareBytes(left, right) === 0;
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Lower-case hexadecimal, two digits a byte. */
export function hexOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/** Inverse of hexOf. Throws RangeError on anything but pairs of hexadecimal digits. */
export function bytesOfHex(hex: string): Uint8Array {
  if (!/^([0-9a-fA-F]{2})*$/.test(hex)) {
    throw new RangeError(`decode hexadecimal: "${hex}" is not pairs of hexadecimal digits`);
  }
  const bytes = new Uint8Array(hex.length / 2);
  for (let at = 0; at < bytes.length; at++) bytes[at] = parseInt(hex.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}
