import { after, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { KvHttp } from '../../scripts/lib/kv-http.ts';
import { freePorts } from '../../scripts/lib/ports.ts';

const main = resolve(import.meta.dirname, '../../scripts/main.ts');

/** Goal: what the README's first screen promises about `npm start` and `npm run cluster`. */
describe('a local cluster', () => {
  const folder = mkdtempSync(join(tmpdir(), 'edgetcd-test-'));
  after(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  it('says where it is and who leads, stops on Ctrl-C, and finds its data again', async () => {
    const [port = 0] = await freePorts(1);
    const args = ['start', '--port', String(port), '--data-dir', join(folder, 'start')];
    const key = Buffer.from('hello');
    const value = Buffer.from('world');

    const first = run(args);
    const banner = await first.until('Ctrl-C stops it.');
    assert.match(banner[0] ?? '', new RegExp(`^edgetcd at http://127.0.0.1:${port}, new data in `));
    assert.match(
      banner.slice(1, 4).join('\n'),
      /^ {2}m1 {2}enam.*\n {2}m2 {2}weur.*\n {2}m3 {2}apac/,
    );
    assert.equal(banner.filter((line) => line.endsWith('(leader)')).length, 1);
    const kv = new KvHttp(`http://127.0.0.1:${port}`);
    assert.equal(await kv.put({ key, value }), 2);
    assert.equal(await first.interrupt(), 0);

    const second = run(args);
    assert.match((await second.until('Ctrl-C stops it.'))[0] ?? '', /, data found in /);
    assert.deepEqual(await kv.get(key), value);
    assert.equal(await second.interrupt(), 0);
  });

  it('prints commands that work as they stand', async () => {
    const [port = 0] = await freePorts(1);
    const start = run(['start', '--port', String(port), '--members', '1', '--ephemeral']);
    const commands = (await start.until('Ctrl-C stops it.'))
      .map((line) => /^ {2}curl -s (\S+) -d '(.*)'$/.exec(line))
      .filter((match) => match !== null);
    const answers = [];
    for (const [, url = '', body = ''] of commands) {
      answers.push(await (await fetch(url, { method: 'POST', body })).json());
    }
    const [put, range, txn] = answers as [
      { header: { revision: string } },
      { kvs: { value: string }[] },
      { succeeded: boolean },
    ];
    assert.equal(put.header.revision, '2');
    assert.equal(range.kvs[0]?.value, Buffer.from('world').toString('base64'));
    assert.equal(txn.succeeded, true);
    assert.equal(await start.interrupt(), 0);
  });

  for (const [args, message] of [
    [['start', '--members', '0'], /--members is "0", and must be a whole number from 1 to 9/],
    [['start', '--colour'], /Unknown option '--colour'; the options are --data-dir/],
    [['start', '--ephemeral', '--data-dir', 'x'], /--ephemeral keeps nothing/],
    [['cluster', '--port', '50000', '--members', '2'], /member 2 has no port/],
    [['launch'], /no command "launch": choose one of .*start/],
  ] as const) {
    it(`refuses ${args.join(' ')}`, async () => {
      const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
      let text = '';
      child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
      const [status] = (await once(child, 'close')) as [number];
      assert.equal(status, 2);
      assert.match(text, message);
      assert.equal(text.trim().split('\n').length, 1, 'one line, no stack');
    });
  }
});

interface Running {
  /** Lines printed so far, once one equals `last`. Fails when the output ends before. */
  until(last: string): Promise<string[]>;
  /** Ctrl-C; the exit status. */
  interrupt(): Promise<number | null>;
}

/** Ended after the tests, so that one that fails leaves nothing behind. */
const children: ChildProcess[] = [];

function run(args: readonly string[]): Running {
  const child: ChildProcess & { stdout: NonNullable<ChildProcess['stdout']> } = spawn(
    process.execPath,
    [main, ...args],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  children.push(child);
  const lines = createInterface({ input: child.stdout });
  return {
    async until(last) {
      const seen: string[] = [];
      for await (const line of lines) {
        seen.push(line);
        if (line === last) return seen;
      }
      throw new Error(`expected ${JSON.stringify(last)}, and got ${seen.join('\n')}`);
    },
    async interrupt() {
      const ended = once(child, 'exit');
      child.kill('SIGINT');
      const [status] = (await ended) as [number | null];
      return status;
    },
  };
}
