import { BboltFile, type FileSource } from '../../src/bbolt/reader.ts';
import { FileBuilder } from '../../src/bbolt/writer.ts';
import { byteString, bytesOf, concatBytes } from '../../src/lib/bytes.ts';

/** Buckets by name, pairs by key, both as byte strings. */
export type Buckets = ReadonlyMap<string, ReadonlyMap<string, string>>;

export function buildFile(buckets: Buckets): Uint8Array {
  const sorted = (map: ReadonlyMap<string, string>) => [...map].sort(byName);
  const sizing = new FileBuilder();
  for (const [name, pairs] of [...buckets].sort(byName)) {
    sizing.begin(name);
    for (const [key, value] of sorted(pairs)) sizing.measure(key.length, value.length);
    sizing.end();
  }
  const pages: Uint8Array[] = [];
  const builder = new FileBuilder({
    sizes: sizing.finish(),
    write: (page) => pages.push(page),
  });
  for (const [name, pairs] of [...buckets].sort(byName)) {
    builder.begin(name);
    for (const [key, value] of sorted(pairs)) builder.add(bytesOf(key), bytesOf(value));
    builder.end();
  }
  builder.finish();
  return concatBytes(pages);
}

export function readFile(bytes: Uint8Array): Map<string, Map<string, string>> {
  const file = BboltFile.open(sourceOf(bytes));
  const found = new Map<string, Map<string, string>>();
  for (const name of file.buckets) {
    const pairs = new Map<string, string>();
    for (const { key, value } of file.entries(name)) pairs.set(byteString(key), byteString(value));
    found.set(name, pairs);
  }
  return found;
}

export function sourceOf(bytes: Uint8Array): FileSource {
  return {
    sizeBytes: bytes.length,
    read: (offset, length) => bytes.subarray(offset, offset + length),
  };
}

function byName(left: readonly [string, unknown], right: readonly [string, unknown]): number {
  return left[0] < right[0] ? -1 : 1;
}
