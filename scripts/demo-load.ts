/**
 * `npm run demo:load -- DIR`: real input through the HTTP API. Every file under 1 MiB below DIR is written
 * under its path and read back byte for byte: by key, by pages of a prefix, as one stream; at an old
 * revision after changes; after compaction; and after all processes were killed and started again.
 */
import { opendir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { startCluster } from './lib/cluster.ts';
import { AnswerError, KvHttp, type Pair, prefixEnd } from './lib/kv-http.ts';
import { Progress } from './lib/progress.ts';
import { userFolder } from './lib/run-local.ts';
import { readOptions, UsageError, wholeNumber } from './lib/usage.ts';

export const summary = 'write a folder through the API and verify it (npm run demo:load -- DIR)';

const FILE_BYTES_MAX = 1024 * 1024;
const PAGE_KEYS = 50;
/** Of the files, one in so many gets a second revision, and one in so many is deleted. */
const CHANGED_EVERY = 10;
const DELETED_EVERY = 25;

interface Source {
  readonly path: string;
  readonly key: Buffer;
  readonly bytes: number;
}

interface Folder {
  readonly sources: readonly Source[];
  readonly prefix: Buffer;
  readonly tooLarge: number;
}

/** What a key should hold: the file, the file and a line more, or nothing. */
type State = 'original' | 'changed' | 'deleted';
type Expected = (index: number) => State;

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readOptions({
    args,
    allowPositionals: true,
    options: {
      endpoint: { type: 'string' },
      connections: { type: 'string', default: '16' },
    },
  });
  const connections = wholeNumber('connections', values.connections, { min: 1, max: 1000 });
  const folder = await readFolder(positionals);
  if (values.endpoint !== undefined) {
    await demonstrate(new KvHttp(values.endpoint), folder, connections);
    console.log(`verified: ${sentence(folder)} (no restart: --endpoint is not ours to stop)`);
    return 0;
  }
  const cluster = await startCluster({ onLine: (_, line) => console.error(line) });
  try {
    await cluster.ready();
    const kv = new KvHttp(cluster.endpoints[0] ?? '');
    console.log(`three members at ${kv.endpoint}, data in ${cluster.dataDir}`);
    await demonstrate(kv, folder, connections);
    for (const process of cluster.processes) await process.kill();
    for (const process of cluster.processes) await process.restart();
    await cluster.ready();
    await verifyPages('read after a kill -9', kv, folder, afterChanges);
    await verifyStream('stream after a kill -9', kv, folder, afterChanges);
    console.log(`verified: ${sentence(folder)}, and again after a restart`);
    return 0;
  } finally {
    await cluster.stop();
  }
}

function sentence({ sources }: Folder): string {
  const bytes = sources.reduce((sum, source) => sum + source.bytes, 0);
  return (
    `${sources.length} keys, ${bytes} bytes, equal by key, by page and by stream, ` +
    'at an old revision, after changes and after compaction'
  );
}

/** Everything that needs no power over the server's processes. */
async function demonstrate(kv: KvHttp, folder: Folder, connections: number): Promise<void> {
  const original: Expected = () => 'original';
  const loaded = await write('write', kv, folder, connections, original);
  await verifyKeys('read by key', kv, folder, connections);
  await verifyPages('read by pages', kv, folder, original);
  await verifyStream('read as a stream', kv, folder, original);
  await write('change and delete', kv, folder, connections, afterChanges);
  await verifyPages('read the old revision', kv, folder, original, loaded);
  await verifyStream('stream the old revision', kv, folder, original, loaded);
  const changed = (await kv.range(folder.prefix, prefixEnd(folder.prefix), { limit: 1 })).revision;
  await kv.compact(changed);
  await verifyCompacted(kv, folder, loaded);
  await verifyPages('read after compaction', kv, folder, afterChanges);
  await verifyStream('stream after compaction', kv, folder, afterChanges);
}

function afterChanges(index: number): State {
  if (index % DELETED_EVERY === 0) return 'deleted';
  return index % CHANGED_EVERY === 0 ? 'changed' : 'original';
}

async function readFolder(positionals: readonly string[]): Promise<Folder> {
  const [given, ...more] = positionals;
  if (given === undefined || more.length > 0) {
    throw new UsageError(
      `name one folder: npm run demo:load -- DIR (for example node_modules); got ${positionals.length}`,
    );
  }
  const top = resolve(userFolder(), given);
  if (!(await stat(top).catch(() => undefined))?.isDirectory()) {
    throw new UsageError(`${top} is not a folder`);
  }
  const sources: Source[] = [];
  let tooLarge = 0;
  for await (const entry of await opendir(top, { recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const { size } = await stat(path);
    if (size >= FILE_BYTES_MAX) tooLarge++;
    else {
      const key = Buffer.from(`${basename(top)}${path.slice(top.length)}`);
      sources.push({ path, key, bytes: size });
    }
  }
  if (sources.length === 0)
    throw new UsageError(`${top} holds no file under ${FILE_BYTES_MAX} bytes`);
  // In the order of the store, so that what is read back can be compared as it comes.
  sources.sort((a, b) => Buffer.compare(a.key, b.key));
  console.log(
    `${top}: ${sources.length} files under 1 MiB, ${tooLarge} larger ones left out; links are not followed`,
  );
  return { sources, prefix: Buffer.from(`${basename(top)}/`), tooLarge };
}

/** Brings the store from the files as they are to what is expected; returns the last revision. */
async function write(
  label: string,
  kv: KvHttp,
  { sources }: Folder,
  connections: number,
  expected: Expected,
): Promise<number> {
  const first = label === 'write';
  const work = [...sources.entries()].filter(([index]) => first || expected(index) !== 'original');
  const progress = new Progress(label, work.length);
  let last = 0;
  await inParallel(connections, work, async ([index, source]) => {
    const value = await contents(source, expected(index));
    const revision =
      value === undefined
        ? await kv.deleteKey(source.key)
        : await kv.put({ key: source.key, value });
    last = Math.max(last, revision);
    progress.add(value?.length ?? 0);
  });
  progress.end();
  return last;
}

async function verifyKeys(
  label: string,
  kv: KvHttp,
  { sources }: Folder,
  connections: number,
): Promise<void> {
  const progress = new Progress(label, sources.length);
  await inParallel(connections, sources, async (source) => {
    const value = await kv.get(source.key);
    if (value === undefined) throw new Error(`${label}: ${source.key.toString()} is missing`);
    await requireEqual(label, source, 'original', { key: source.key, value });
    progress.add(value.length);
  });
  progress.end();
}

async function verifyPages(
  label: string,
  kv: KvHttp,
  folder: Folder,
  expected: Expected,
  revision?: number,
): Promise<void> {
  await verifyAll(label, folder, expected, async function* () {
    const end = prefixEnd(folder.prefix);
    let start = folder.prefix;
    let pinned = revision;
    for (;;) {
      const page = await kv.range(start, end, {
        limit: PAGE_KEYS,
        ...(pinned === undefined ? {} : { revision: pinned }),
      });
      yield* page.pairs;
      const last = page.pairs.at(-1);
      if (!page.more || last === undefined) return;
      pinned ??= page.revision;
      start = Buffer.concat([last.key, Buffer.from([0])]);
    }
  });
}

async function verifyStream(
  label: string,
  kv: KvHttp,
  folder: Folder,
  expected: Expected,
  revision?: number,
): Promise<void> {
  await verifyAll(label, folder, expected, async function* () {
    const options = revision === undefined ? {} : { revision };
    for await (const page of kv.rangeStream(folder.prefix, prefixEnd(folder.prefix), options)) {
      yield* page.pairs;
    }
  });
}

/** Holds pairs, in the order they come, against the files in the order of their keys: all, and no other. */
async function verifyAll(
  label: string,
  { sources }: Folder,
  expected: Expected,
  read: () => AsyncGenerator<Pair, void>,
): Promise<void> {
  const wanted = [...sources.entries()].filter(([index]) => expected(index) !== 'deleted');
  const progress = new Progress(label, wanted.length);
  let next = 0;
  for await (const pair of read()) {
    const [index, source] = wanted[next++] ?? [];
    if (index === undefined || source === undefined) {
      throw new Error(`${label}: ${pair.key.toString()} came after the last key expected`);
    }
    await requireEqual(label, source, expected(index), pair);
    progress.add(pair.value.length);
  }
  if (next !== wanted.length) {
    throw new Error(`${label}: ${next} keys came, ${wanted.length} were expected`);
  }
  progress.end();
}

async function verifyCompacted(kv: KvHttp, { prefix }: Folder, revision: number): Promise<void> {
  try {
    await kv.range(prefix, prefixEnd(prefix), { revision, limit: 1 });
  } catch (error) {
    if (error instanceof AnswerError && error.body.includes('compacted')) return;
    throw error;
  }
  throw new Error(`read revision ${revision}: it is compacted, and should have been refused`);
}

async function requireEqual(
  label: string,
  source: Source,
  state: State,
  pair: Pair,
): Promise<void> {
  const value = await contents(source, state);
  if (pair.key.equals(source.key) && value?.equals(pair.value) === true) return;
  throw new Error(
    `${label}: expected ${source.key.toString()} (${state}, ${value?.length ?? 0} bytes), ` +
      `got ${pair.key.toString()} (${pair.value.length} bytes)`,
  );
}

async function contents(source: Source, state: State): Promise<Buffer | undefined> {
  if (state === 'deleted') return undefined;
  const file = await readFile(source.path);
  return state === 'original' ? file : Buffer.concat([file, Buffer.from('\na second revision\n')]);
}

/** Runs `each` over the items, at most `width` at a time; the first failure ends it. */
async function inParallel<T>(
  width: number,
  items: Iterable<T>,
  each: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    for (let item = queue.next(); item.done !== true; item = queue.next()) await each(item.value);
  };
  await Promise.all(Array.from({ length: width }, lane));
}
