import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ROW_STORE_CASES } from '../contracts/row-store.case.ts';
import { bundleWorker, startWorkerd } from '../support/workerd.ts';
import type { Workerd } from '../support/workerd.ts';

let workerd: Workerd;
let source: string;
/** Processes killed by a test; their directories are still there. */
const killed: Workerd[] = [];

before(async () => {
  source = await bundleWorker('test/durable/row-store.worker.ts');
  workerd = await startWorkerd({ modules: { 'worker.js': source }, classes: ['Subject'] });
});
after(async () => {
  for (const each of [workerd, ...killed]) await each.stop();
});

/** What the worker answers; throws what it threw. */
async function ask(parameters: Record<string, string | number>): Promise<unknown> {
  const query = new URLSearchParams(
    Object.entries(parameters).map(([name, value]): [string, string] => [name, String(value)]),
  );
  const response = await fetch(`${workerd.url}/?${query.toString()}`);
  if (!response.ok) throw new Error(`status ${response.status}: ${await response.text()}`);
  const answer = (await response.json()) as {
    result?: unknown;
    error?: { name: string; message: string; stack: string };
  };
  if (answer.error !== undefined) {
    throw Object.assign(new Error(answer.error.message), answer.error);
  }
  return answer.result;
}

describe('SqlRowStore inside workerd keeps the contract of RowStore', () => {
  ROW_STORE_CASES.forEach(({ name }, number) => {
    it(name, async () => {
      await ask({ do: 'case', object: `case-${number}`, number });
    });
  });
});

describe('SqlRowStore inside workerd', () => {
  it('is billed one row written a put, new or not, and one a deleted row', async () => {
    assert.deepEqual(await ask({ do: 'bill', object: 'bill' }), {
      insert: { read: 1, written: 1 },
      replace: { read: 1, written: 1 },
      get: { read: 1, written: 0 },
      floor: { read: 1, written: 0 },
      'heads of 3': { read: 4, written: 0 },
      delete: { read: 1, written: 1 },
      'delete of 3': { read: 4, written: 3 },
    });
  });

  it('keeps what was answered through a kill of the process', async () => {
    await ask({ do: 'put', object: 'kept', id: 1, data: 'before' });
    await workerd.kill();
    killed.push(workerd);
    workerd = await startWorkerd({
      modules: { 'worker.js': source },
      classes: ['Subject'],
      storageDir: workerd.storageDir,
    });
    assert.equal(await ask({ do: 'get', object: 'kept', id: 1 }), 'before');
  });

  it('loses the writes of a turn that is aborted', async () => {
    await ask({ do: 'put', object: 'aborted', id: 1, data: 'first' });
    await assert.rejects(ask({ do: 'put-abort', object: 'aborted', id: 1, data: 'second' }));
    assert.equal(await ask({ do: 'get', object: 'aborted', id: 1 }), 'first');
  });

  it('refuses a database of another schema version', async () => {
    await ask({ do: 'put', object: 'newer', id: 1, data: '' });
    await ask({ do: 'sql', object: 'newer', statement: 'UPDATE schema SET version = 99' });
    await assert.rejects(ask({ do: 'get', object: 'newer', id: 1 }), {
      name: 'SchemaVersionError',
      message: /version 99, this code knows 1/,
    });
  });
});
