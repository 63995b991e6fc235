/** Worker under test: one object with a SqlRowStore, told by its URL what to do with it. */
import type { DurableObjectNamespace, DurableObjectState } from '@cloudflare/workers-types';
import { SqlRowStore } from '../../durable/sql-row-store.ts';
import { byteString, bytesOf } from '../../src/lib/bytes.ts';
import { ROW_STORE_CASES } from '../contracts/row-store.case.ts';

interface Env {
  readonly Subject: DurableObjectNamespace;
}

export class Subject {
  readonly #state: DurableObjectState;

  constructor(state: DurableObjectState) {
    this.#state = state;
  }

  fetch(request: Request): Response {
    try {
      return Response.json({ result: this.#act(new URL(request.url).searchParams) ?? null });
    } catch (error) {
      const { name, message, stack } = error as Error;
      return Response.json({ error: { name, message, stack } });
    }
  }

  #act(parameters: URLSearchParams): unknown {
    const text = (name: string): string => parameters.get(name) ?? '';
    const storage = this.#state.storage;
    if (text('do') === 'sql') return storage.sql.exec(text('statement')).toArray();
    const store = new SqlRowStore(storage);
    switch (text('do')) {
      case 'case':
        return ROW_STORE_CASES[Number(text('number'))]?.run(store);
      case 'put':
        return store.put('t', Number(text('id')), bytesOf(''), bytesOf(text('data')));
      case 'get': {
        const row = store.get('t', Number(text('id')));
        return row && byteString(row.data);
      }
      case 'put-abort':
        store.put('t', Number(text('id')), bytesOf(''), bytesOf(text('data')));
        return this.#state.abort('the process is gone before the turn ends');
      case 'bill':
        return bill(store);
      default:
        throw new RangeError(`do ${text('do')}: not something this worker does`);
    }
  }
}

/** Rows the platform counts for the statements that cost the most. */
function bill(store: SqlRowStore): Record<string, { read: number; written: number }> {
  const counts: Record<string, { read: number; written: number }> = {};
  const count = (name: string, run: () => unknown): void => {
    const [read, written] = [store.rowsRead, store.rowsWritten];
    run();
    counts[name] = { read: store.rowsRead - read, written: store.rowsWritten - written };
  };
  const bytes = new Uint8Array(100);
  store.put('t', 0, bytes, bytes);
  for (const id of [1, 2, 3, 4, 5]) count('insert', () => store.put('t', id, bytes, bytes));
  count('replace', () => store.put('t', 1, bytes, bytes));
  count('get', () => store.get('t', 3));
  count('floor', () => store.floor('t', 99));
  count('heads of 3', () => store.heads('t', 2, 4, 9));
  count('delete', () => store.delete('t', 1));
  count('delete of 3', () => store.deleteRange('t', 2, 4));
  return counts;
}

export default {
  fetch(request: Request, env: Env): Promise<Response> {
    const object = new URL(request.url).searchParams.get('object') ?? 'default';
    const stub = env.Subject.get(env.Subject.idFromName(object));
    return stub.fetch(request.url) as unknown as Promise<Response>;
  },
};
