/** Goal: a file that is not what etcd wrote is refused with what is wrong and what can be done. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { run } from '../../scripts/restore.ts';
import { openSnapshotFile } from '../../scripts/lib/snapshot-file.ts';
import { buildFile } from '../bbolt/support.ts';

const folder = mkdtempSync(join(tmpdir(), 'edgetcd-snapshot-file-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function database(users: ReadonlyMap<string, string> = new Map()): Uint8Array {
  const value = `\x0a\x01k\x10\x02\x18\x02\x20\x01\x2a\x01v`;
  return buildFile(
    new Map([
      ['auth', new Map([['authRevision', '\0\0\0\0\0\0\0\x01']])],
      ['authUsers', users],
      ['key', new Map([['\0\0\0\0\0\0\0\x02_\0\0\0\0\0\0\0\0', value]])],
      ['meta', new Map([['term', '\0\0\0\0\0\0\0\x01']])],
    ]),
  );
}

function withHash(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes, createHash('sha256').update(bytes).digest()]);
}

function written(bytes: Uint8Array): string {
  const path = join(folder, 'file');
  writeFileSync(path, bytes);
  return path;
}

/** Keys in the file at `path`. */
function keysIn(bytes: Uint8Array, skipHashCheck: boolean): number {
  const file = openSnapshotFile(written(bytes), { skipHashCheck });
  try {
    return [...file.database.changes()].length;
  } finally {
    file.close();
  }
}

test('a snapshot with its hash, and without one if that is asked for, is taken', () => {
  assert.equal(keysIn(withHash(database()), false), 1);
  assert.equal(keysIn(withHash(database()), true), 1);
  assert.equal(keysIn(database(), true), 1);
});

test('without a hash behind it a file needs --skip-hash-check', () => {
  assert.throws(() => keysIn(database(), false), /no hash behind.*--skip-hash-check/s);
});

test('an altered byte, of the file or of the hash, is noticed', () => {
  const good = withHash(database());
  for (const at of [40, 5_000, good.length - 100, good.length - 1]) {
    const altered = good.slice();
    altered[at] = (altered[at] ?? 0) ^ 1;
    assert.throws(() => keysIn(altered, false), /was altered/, `byte ${at}`);
  }
});

test('a file cut short is refused wherever it was cut', () => {
  const good = withHash(database());
  for (const bytes of [0, 31, 32, 4_096, 4_128, good.length - 33, good.length - 1]) {
    assert.throws(() => keysIn(good.slice(0, bytes), false), Error, `${bytes} bytes`);
  }
  assert.throws(() => keysIn(good.slice(0, good.length - 32 - 4_096), true), /cut short/);
});

test('the command: files and users that cannot be taken end it before any cluster is asked', async () => {
  const nowhere = ['--endpoint', 'http://127.0.0.1:1'];
  await assert.rejects(run([join(folder, 'none'), ...nowhere]), /no such file/);
  await assert.rejects(run(nowhere), /which file/);
  const users = withHash(database(new Map([['root', 'secret']])));
  await assert.rejects(run([written(users), ...nowhere]), /1 users.*--without-auth/s);
  await assert.rejects(run([written(users), '--without-auth', ...nowhere]), /ask http/);
  const other = written(withHash(buildFile(new Map([['words', new Map([['a', 'b']])]]))));
  await assert.rejects(run([other, ...nowhere]), /no bucket "key"/);
});
