/** A store driven by lines of text. Each command answers with lines of text, or "ok". */
import { byteString, bytesOf } from '../../../src/lib/bytes.ts';
import type { Settings } from '../../../src/mvcc/settings.ts';
import type { MvccStore } from '../../../src/mvcc/store.ts';
import { openMvcc } from '../../../src/mvcc/store.ts';
import type {
  KeyRange,
  KeyValue,
  PageExport,
  ReadView,
  WriteTxn,
} from '../../../src/mvcc/types.ts';
import { MemoryRowStore } from '../../support/memory-row-store.ts';
import { describeRows } from './describe-rows.ts';
import { single } from './world.ts';

export class StoreScript {
  #rows = new MemoryRowStore();
  #settings: Partial<Settings> = {};
  #store: MvccStore = openMvcc(this.#rows);
  #export: PageExport | undefined;

  /** Errors that a command is meant to show are answers. */
  run(line: string): string {
    const [command = '', ...words] = line.split(' ');
    try {
      const answer = this.#obey(command, words, line.slice(command.length + 1));
      // What happens in one command happens in one turn.
      this.#rows.sync();
      return answer;
    } catch (error) {
      if (error instanceof Error) return `${error.name}: ${error.message}`;
      throw error;
    }
  }

  #obey(command: string, words: readonly string[], rest: string): string {
    switch (command) {
      case 'open':
        this.#settings = settingsOf(words);
        this.#store = openMvcc(this.#rows, this.#settings);
        return 'ok';
      case 'txn':
        return this.#transact(rest, 'commit');
      case 'abort':
        return this.#transact(rest, 'abort');
      case 'get':
        return describePair(this.#read(words[0] ?? '', Number(words[1] ?? 0)));
      case 'range':
        return describeRange(this.#store, words);
      case 'changes':
        return this.#changes(Number(words[0]), Number(words[1] ?? Infinity));
      case 'compact':
        this.#store.compact(Number(words[0]));
        return 'ok';
      case 'hash': {
        const { hash, revision, compactRevision } = this.#store.hash(Number(words[0] ?? 0));
        return `${hash} at ${revision} compacted ${compactRevision}`;
      }
      case 'flush':
        this.#store.flush();
        return 'ok';
      case 'work':
        return this.#work(Number(words[0] ?? Infinity));
      case 'crash':
        this.#rows = this.#rows.crash();
        this.#store = openMvcc(this.#rows, this.#settings);
        return `revision ${this.#store.revision} compacted ${this.#store.compactRevision}`;
      case 'export':
        this.#export = this.#store.exportPages();
        return `revision ${this.#export.revision} compacted ${this.#export.compactRevision}`;
      case 'close':
        this.#export?.close();
        return 'ok';
      case 'import':
        return this.#import();
      case 'rows':
        return describeRows(this.#rows);
      default:
        throw new Error(`no command ${command}`);
    }
  }

  /** `put KEY VALUE [lease N]; delete KEY; delete FROM TO; range FROM TO` */
  #transact(text: string, end: 'commit' | 'abort'): string {
    const txn = this.#store.begin();
    try {
      return this.#write(txn, text, end);
    } catch (error) {
      txn.abort();
      throw error;
    }
  }

  #write(txn: WriteTxn, text: string, end: 'commit' | 'abort'): string {
    const lines: string[] = [];
    for (const op of text.split('; ')) {
      const [name, key = '', second, , lease] = op.split(' ');
      if (name === 'put') txn.put(key, valueOf(second ?? ''), BigInt(lease ?? 0));
      else if (name === 'range') lines.push(describeRange(txn, [key, second ?? '']));
      else {
        const gone = txn.deleteRange(second === undefined ? single(key) : rangeOf(key, second));
        lines.push(`deleted ${gone.map((meta) => meta.key).join(' ') || 'nothing'}`);
      }
    }
    if (end === 'abort') txn.abort();
    else {
      const changes = txn.commit();
      const revision = changes[0]?.kv.modRevision;
      lines.push(revision === undefined ? 'nothing changed' : `revision ${revision}`);
    }
    return lines.join('\n') || 'ok';
  }

  #read(key: string, revision: number): KeyValue | undefined {
    return revision === 0 ? this.#store.get(key) : this.#store.getAt(key, revision);
  }

  #changes(from: number, bytesMax: number): string {
    const { changes, next } = this.#store.changes(from, bytesMax);
    const lines = changes.map(({ type, kv, sub }) =>
      type === 'put'
        ? `${kv.modRevision}.${sub} ${describePair(kv)}`
        : `${kv.modRevision}.${sub} ${kv.key} deleted`,
    );
    return [...lines, `next ${next}`].join('\n');
  }

  #work(slicesMax: number): string {
    let slices = 0;
    for (; slices < slicesMax && this.#store.hasWork; slices++) this.#store.work();
    return `${slices} slices${this.#store.hasWork ? ', more to do' : ''}`;
  }

  /** Sends what `export` opened to a new store and goes on with that. */
  #import(): string {
    if (this.#export === undefined) throw new Error('nothing is exported');
    const rows = new MemoryRowStore();
    const store = openMvcc(rows, this.#settings);
    const receiving = store.importPages();
    let next: number | undefined = 0;
    while (next !== undefined) {
      const part: ReturnType<PageExport['read']> = this.#export.read(next, 1);
      receiving.add(part.pages);
      next = part.next;
    }
    receiving.install(this.#export.revision, this.#export.compactRevision);
    this.#rows = rows;
    this.#store = store;
    return `revision ${store.revision} compacted ${store.compactRevision}`;
  }
}

/** `NAME=NUMBER` each. */
function settingsOf(words: readonly string[]): Partial<Settings> {
  const settings: Record<string, number> = {};
  for (const word of words) {
    const [name = '', number] = word.split('=');
    settings[name] = Number(number);
  }
  return settings;
}

/** `FROM TO [limit=N] [rev=N] [count]`; TO `-` is no end. */
function describeRange(view: ReadView, words: readonly string[]): string {
  const [from = '', to = '-'] = words;
  const option = (name: string): number =>
    Number(words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1) ?? 0);
  const { kvs, count } = view.range(rangeOf(from, to), {
    revision: option('rev'),
    limit: option('limit'),
    keysOnly: false,
    countOnly: words.includes('count'),
  });
  return [...kvs.map(describePair), `count ${count}`].join('\n');
}

function rangeOf(from: string, to: string): KeyRange {
  return { start: from, end: to === '-' ? undefined : to };
}

function describePair(pair: KeyValue | undefined): string {
  if (pair === undefined) return 'none';
  const text = byteString(pair.value);
  const value = text.length > 20 ? `${text.slice(0, 3)}… (${text.length} bytes)` : text;
  const lease = pair.lease === 0n ? '' : ` lease ${pair.lease.toString()}`;
  return `${pair.key}=${value} mod ${pair.modRevision} created ${pair.createRevision} version ${pair.version}${lease}`;
}

/** `*100` is a value of 100 bytes. */
function valueOf(word: string): Uint8Array {
  return bytesOf(word.startsWith('*') ? 'v'.repeat(Number(word.slice(1))) : word);
}
