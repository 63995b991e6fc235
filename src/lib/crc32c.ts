/**
 * CRC-32C (Castagnoli, RFC 3720 appendix B.4): the checksum etcd computes over keys and values for
 * HashKV and HashKV's clients compare. Eight bytes a step, by eight tables ("slicing by eight").
 */

/** The polynomial 0x1EDC6F41, bits reversed. */
const POLYNOMIAL = 0x82f63b78;
const SLICES = 8;

const TABLE = buildTables();

/** CRC-32C of `bytes`, an unsigned 32-bit integer. `crc`: the value for the bytes that came before. */
export function crc32c(bytes: Uint8Array, crc: number = 0): number {
  const table = TABLE;
  const length = bytes.length;
  let state = ~crc;
  let at = 0;
  for (const last = length - SLICES; at <= last; at += SLICES) {
    state ^=
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    state =
      (table[1792 + (state & 0xff)] as number) ^
      (table[1536 + ((state >>> 8) & 0xff)] as number) ^
      (table[1280 + ((state >>> 16) & 0xff)] as number) ^
      (table[1024 + (state >>> 24)] as number) ^
      (table[768 + (bytes[at + 4] as number)] as number) ^
      (table[512 + (bytes[at + 5] as number)] as number) ^
      (table[256 + (bytes[at + 6] as number)] as number) ^
      (table[bytes[at + 7] as number] as number);
  }
  for (; at < length; at++) {
    state = (table[(state ^ (bytes[at] as number)) & 0xff] as number) ^ (state >>> 8);
  }
  return ~state >>> 0;
}

/** Table k (at k * 256) holds the CRC of a byte followed by k zero bytes. */
function buildTables(): Int32Array {
  const tables = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    tables[byte] = crc;
  }
  for (let slot = 256; slot < tables.length; slot++) {
    const shorter = tables[slot - 256] as number;
    tables[slot] = (tables[shorter & 0xff] as number) ^ (shorter >>> 8);
  }
  return tables;
}
