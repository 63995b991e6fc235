import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StatusError } from '../../src/api/errors.ts';
import { LinearizableReads } from '../../src/member/linearizable-reads.ts';

const NONCE = Uint8Array.of(1, 2, 3);
const TIMEOUT = StatusError.of('timeout');

/** Runs a flush and returns the id that was asked under. */
function ask(reads: LinearizableReads): Uint8Array | undefined {
  let asked: Uint8Array | undefined;
  reads.flush((id) => {
    assert.equal(asked, undefined, 'one request for all readers of a turn');
    asked = id;
  });
  return asked;
}
function asked(reads: LinearizableReads): Uint8Array {
  const id = ask(reads);
  assert.ok(id !== undefined);
  return id;
}
async function fate(promise: Promise<unknown>): Promise<unknown> {
  const open = new Promise((resolve) => setImmediate(() => resolve('open')));
  const ended = promise.then(
    () => 'served',
    (error: unknown) => error,
  );
  return Promise.race([ended, open]);
}

describe('LinearizableReads', () => {
  it('asks once for all readers of a turn, under ids that carry the nonce and never repeat', () => {
    const reads = new LinearizableReads(NONCE);
    const ids = new Set<string>();
    for (let turn = 0; turn < 300; turn++) {
      void reads.wait(10);
      void reads.wait(10);
      const id = asked(reads);
      assert.deepEqual(id.subarray(0, 3), NONCE);
      ids.add(Buffer.from(id).toString('hex'));
    }
    assert.equal(ids.size, 300);
    assert.equal(ask(reads), undefined, 'nobody came since');
  });

  it('serves a reader only once its index is applied', async () => {
    const reads = new LinearizableReads(NONCE);
    const reader = reads.wait(10);
    const id = asked(reads);
    reads.serveUpTo(100);
    assert.equal(await fate(reader), 'open', 'applied is nothing without a confirmation');
    reads.confirm(id, 7);
    reads.serveUpTo(6);
    assert.equal(await fate(reader), 'open');
    reads.serveUpTo(7);
    assert.equal(await fate(reader), 'served');
    assert.equal(reads.waiting, false);
  });

  it('does not serve a reader by a round that was asked for before it came', async () => {
    const reads = new LinearizableReads(NONCE);
    const first = reads.wait(10);
    const round = asked(reads);
    const second = reads.wait(10);
    reads.confirm(round, 1);
    reads.serveUpTo(1);
    assert.equal(await fate(first), 'served');
    assert.equal(await fate(second), 'open');
  });

  it("ignores answers that are not its own, such as a twin's", async () => {
    const reads = new LinearizableReads(NONCE);
    const twin = new LinearizableReads(Uint8Array.of(3, 2, 1));
    const reader = reads.wait(10);
    void twin.wait(10);
    asked(reads);
    const foreign = asked(twin);
    reads.confirm(foreign, 1);
    reads.abort(foreign, TIMEOUT);
    reads.serveUpTo(1);
    assert.equal(await fate(reader), 'open');
  });

  it('fails the readers of an aborted round alone', async () => {
    const reads = new LinearizableReads(NONCE);
    const first = reads.wait(10);
    const round = asked(reads);
    const second = reads.wait(10);
    reads.abort(round, TIMEOUT);
    assert.equal(await fate(first), TIMEOUT);
    assert.equal(await fate(second), 'open');
    reads.confirm(round, 1);
    reads.serveUpTo(1);
    assert.equal(await fate(second), 'open');
  });

  it('ends readers past their deadline, who are not asked for any more', async () => {
    const reads = new LinearizableReads(NONCE);
    const early = reads.wait(10);
    reads.expire(9);
    assert.equal(await fate(early), 'open');
    reads.expire(10);
    assert.deepEqual(await fate(early), TIMEOUT);
    assert.equal(ask(reads), undefined);
    const late = reads.wait(20);
    const id = asked(reads);
    reads.expire(20);
    reads.confirm(id, 1);
    reads.serveUpTo(1);
    assert.deepEqual(await fate(late), TIMEOUT);
  });

  it('fails all at the end', async () => {
    const reads = new LinearizableReads(NONCE);
    const asking = reads.wait(10);
    const id = asked(reads);
    const gathered = reads.wait(10);
    const stopped = StatusError.of('stopped');
    reads.failAll(stopped);
    assert.equal(await fate(asking), stopped);
    assert.equal(await fate(gathered), stopped);
    reads.confirm(id, 1);
    reads.serveUpTo(1);
    assert.equal(ask(reads), undefined);
  });
});
