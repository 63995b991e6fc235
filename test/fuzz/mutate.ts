/** Makes broken input from good: flips, cuts, joins, repeats, and numbers that announce too much. */
import { concatBytes } from '../../src/lib/bytes.ts';
import type { Prng } from '../../src/lib/prng.ts';

/** Varints and lengths that have broken decoders before. */
const SPITEFUL: readonly Uint8Array[] = [
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f),
  Uint8Array.of(0xff, 0xff, 0xff, 0x7f),
  Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x00),
  Uint8Array.of(0x00),
];

/** `input` after one to four changes. */
export function mutated(prng: Prng, input: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  let bytes: Uint8Array = input.slice();
  for (let changes = 1 + prng.below(4); changes > 0; changes--)
    bytes = changedOnce(prng, bytes, others);
  return bytes;
}

function changedOnce(prng: Prng, bytes: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  const at = prng.below(bytes.length + 1);
  const head = bytes.subarray(0, at);
  const tail = bytes.subarray(at);
  switch (prng.below(8)) {
    case 0:
      return head.slice();
    case 1:
      return tail.slice();
    case 2:
      return concatBytes([head, prng.pick(SPITEFUL), tail]);
    case 3:
      return concatBytes([head, prng.pick(SPITEFUL), tail.subarray(1)]);
    case 4:
      return concatBytes([head, prng.bytes(1 + prng.below(8)), tail]);
    case 5: {
      const other = prng.pick(others);
      return concatBytes([head, other.subarray(prng.below(other.length + 1))]);
    }
    case 6:
      return concatBytes([head, tail.subarray(0, 8), tail]);
    default: {
      if (at === bytes.length) return bytes;
      const flipped = bytes.slice();
      flipped[at] = (flipped[at] as number) ^ (1 << prng.below(8));
      return flipped;
    }
  }
}
