import { afterEach, beforeEach, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDataDir } from '../../scripts/lib/data-dir.ts';
import { UsageError } from '../../scripts/lib/usage.ts';

const MEMBERS = 'm1:enam,m2:weur,m3:apac';

describe('openDataDir', () => {
  let parent: string;
  let folder: string;

  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'edgetcd-test-'));
    folder = join(parent, 'data');
  });

  afterEach(() => rmSync(parent, { recursive: true }));

  it('makes a folder and finds its secret again', () => {
    const first = openDataDir(folder, MEMBERS);
    first.release();
    const second = openDataDir(folder, MEMBERS);
    assert.equal(first.isNew, true);
    assert.equal(second.isNew, false);
    assert.equal(second.secret, first.secret);
    assert.ok(first.secret.length >= 32);
  });

  it('refuses the data of other members, naming both', () => {
    openDataDir(folder, MEMBERS).release();
    assert.throws(
      () => openDataDir(folder, 'm1:enam'),
      (error) =>
        error instanceof UsageError &&
        error.message.includes(`a cluster of ${MEMBERS}`) &&
        error.message.includes('asks for m1:enam'),
    );
  });

  it('refuses another format', () => {
    openDataDir(folder, MEMBERS).release();
    const file = join(folder, 'cluster.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"format": 1', '"format": 7'));
    assert.throws(
      () => openDataDir(folder, MEMBERS),
      /has data format 7, and this version reads 1/,
    );
  });

  it('refuses a folder of somebody else', () => {
    writeFileSync(join(parent, 'thesis.tex'), 'text');
    assert.throws(() => openDataDir(parent, MEMBERS), /no cluster\.json.*--data-dir/);
  });

  it('refuses a cluster.json that it cannot read', () => {
    openDataDir(folder, MEMBERS).release();
    writeFileSync(join(folder, 'cluster.json'), 'half a fi');
    assert.throws(() => openDataDir(folder, MEMBERS), /should hold JSON.*half a fi/);
  });

  it('is for one process at a time', () => {
    const open = openDataDir(folder, MEMBERS);
    // The parent of this process runs for sure, and is another one.
    writeFileSync(open.runFile('pid'), String(process.ppid));
    assert.throws(
      () => openDataDir(folder, MEMBERS),
      new RegExp(`in use by process ${process.ppid}`),
    );
    open.release();
    openDataDir(folder, MEMBERS).release();
  });

  it('is free again after its process died without saying so', () => {
    const open = openDataDir(folder, MEMBERS);
    writeFileSync(open.runFile('pid'), '999999999');
    openDataDir(folder, MEMBERS).release();
  });
});
