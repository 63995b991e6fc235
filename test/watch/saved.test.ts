/**
 * Goal: a stream goes on after the object has lost its memory, without loss or repetition. Method: the
 * store is opened again at an earlier or the same revision, a new hub is built over it, streams are
 * restored from what they saved, and the log is repeated.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { bytesOf } from '../../src/lib/bytes.ts';
import { DecodeError } from '../../src/lib/binary.ts';
import { WATCH_ATTACHMENT_BYTES_MAX, WATCH_ROW_BYTES } from '../../src/constants.ts';
import type { Change } from '../../src/mvcc/types.ts';
import type { SavedStream } from '../../src/watch/types.ts';
import { NaiveStore } from '../mvcc/naive-store.ts';
import { TestMember, type TestClient } from './harness.ts';

const BIG = 'x'.repeat(100_000);

/** What a shell keeps: the attachment and the rows, as `save` has them written. */
class Shell {
  attachment: Uint8Array = new Uint8Array(0);
  readonly rows = new Map<number, Uint8Array>();
  rowsWritten = 0;

  store(saved: SavedStream): void {
    assert.ok(saved.attachment.length <= WATCH_ATTACHMENT_BYTES_MAX);
    this.attachment = saved.attachment;
    for (const { index, bytes } of saved.rows) {
      this.rowsWritten++;
      if (bytes === undefined) this.rows.delete(index);
      else this.rows.set(index, bytes);
    }
  }

  get saved(): SavedStream {
    return {
      attachment: this.attachment,
      rows: [...this.rows].map(([index, bytes]) => ({ index, bytes })),
    };
  }
}

/** The store as it was flushed at `revision`. */
function storeAt(store: NaiveStore, revision: number): NaiveStore {
  const opened = new NaiveStore();
  opened.versions = store.versions.filter((version) => version.modRevision <= revision);
  opened.revision = revision;
  opened.compactRevision = store.compactRevision;
  return opened;
}

/** Loses the member's memory and builds it anew, its store as flushed at `revision`; the client's socket stays. */
function rebuild(
  member: TestMember,
  client: TestClient,
  shell: Shell,
  revision: number,
): TestMember {
  for (const stream of member.hub.takeUnsaved()) shell.store(stream.save());
  const opened = storeAt(member.store, revision);
  const next = new TestMember({}, opened);
  client.stream = next.hub.restore('c', shell.saved, client);
  return next;
}

/** Applies again what the log holds beyond the flushed revision. */
function repeatLog(member: TestMember, full: NaiveStore): void {
  let changes: Change[] = [];
  const commit = (): void => {
    if (changes.length === 0) return;
    const revision = changes[0]?.kv.modRevision ?? 0;
    const { versions } = storeAt(full, revision);
    member.store.versions = versions;
    member.store.revision = revision;
    member.hub.notify(changes, revision);
    changes = [];
  };
  for (const { sub, ...kv } of full.versions) {
    if (kv.modRevision <= member.store.revision) continue;
    if (changes[0]?.kv.modRevision !== kv.modRevision) commit();
    changes.push({ type: kv.version === 0 ? 'delete' : 'put', kv, sub });
  }
  commit();
}

describe('a saved stream', () => {
  it('goes on after a sleep: next id, watchers, filters and flags', () => {
    let member = new TestMember();
    const client = member.client();
    client.watch('a', { prev_kv: true });
    client.watch('a', { filters: [0], watch_id: 2n ** 60n });
    client.watch('b', { range_end: bytesOf('c'), watch_id: -5 });
    client.watch('b', { range_end: bytesOf('cc') });
    client.watch('b', { range_end: bytesOf('\0') });
    client.watch('a', { progress_notify: true, fragment: true });
    client.cancel(1);
    member.put('a', '1');
    member = rebuild(member, client, new Shell(), member.store.revision);
    assert.equal(member.hub.gauges.watchers, 5);
    client.lines();
    member.put('a', '2');
    member.delete('a');
    member.put('b', '3');
    member.hub.tick(0);
    member.hub.tick(660_000);
    client.watch('a');
    assert.deepEqual(
      client.lines().sort(),
      [
        '-5@5 put b=3',
        `${2n ** 60n}@4 delete a`,
        '0@3 put a=2 was 1',
        '0@4 delete a was 2',
        '2@5 put b=3',
        '3@3 put a=2',
        '3@4 delete a',
        '4@5 created',
      ].sort(),
    );
    member.hub.tick(1_320_000);
    assert.deepEqual(client.lines(), ['3@5']);
  });

  it('is not told again what the log repeats, nor skips what it had not seen', () => {
    let member = new TestMember();
    const client = member.client();
    client.watch('a');
    for (const value of ['2', '3', '4']) member.put('a', value);
    const { store } = member;
    member = rebuild(member, client, new Shell(), 2);
    client.lines();
    repeatLog(member, store);
    member.put('a', '5');
    assert.deepEqual(client.lines(), ['0@5 put a=5']);
  });

  it('lets a creation see the revision that the stream has seen, while the log is repeated', () => {
    let member = new TestMember();
    const client = member.client();
    client.watch('a');
    for (const value of ['2', '3', '4']) member.put('a', value);
    const { store } = member;
    member = rebuild(member, client, new Shell(), 2);
    client.lines();
    client.progress();
    client.watch('a');
    repeatLog(member, store);
    client.progress();
    member.put('a', '5');
    assert.deepEqual(client.lines(), ['1@4 created', '-1@4', '0@5 put a=5', '1@5 put a=5']);
  });

  it('keeps future starts, and their silence', () => {
    let member = new TestMember();
    const client = member.client();
    client.watch('a', { start_revision: 4 });
    member.put('a', '2');
    member = rebuild(member, client, new Shell(), 2);
    client.progress();
    client.lines();
    member.put('a', '3');
    member.put('a', '4');
    client.progress();
    assert.deepEqual(client.lines(), ['0@4 put a=4', '-1@4']);
  });

  it('keeps the place of a watcher in history', () => {
    let member = new TestMember();
    for (let count = 0; count < 100; count++) member.put('a', 'x'.repeat(10_000));
    const client = member.client();
    client.watch('a', { start_revision: 1 });
    member.hub.work();
    assert.equal(member.hub.hasWork, true);
    member = rebuild(member, client, new Shell(), 101);
    member.settle();
    member.put('a', 'live');
    const revisions = client.messages.flatMap(
      ({ batch }) => batch?.events.map((e) => e.revision) ?? [],
    );
    assert.deepEqual(
      revisions,
      Array.from({ length: 101 }, (_, index) => index + 2),
    );
  });

  it('keeps that place in a row too, and behind what the stream has seen', () => {
    let member = new TestMember();
    const shell = new Shell();
    const client = member.client();
    for (let id = 0; id < 1000; id++) client.watch(`some/key/of/middling/length/${id}`);
    for (let count = 0; count < 100; count++) member.put('a', 'x'.repeat(10_000));
    for (const stream of member.hub.takeUnsaved()) shell.store(stream.save());
    client.watch('a', { start_revision: 1 });
    client.watch('z');
    const { rowsWritten } = shell;
    for (const stream of member.hub.takeUnsaved()) shell.store(stream.save());
    assert.equal(shell.rowsWritten, rowsWritten + 1);
    member.hub.work();
    const { store } = member;
    // The log is repeated from revision 50 on; until 101 the stream has seen more than the store holds.
    member = rebuild(member, client, shell, 50);
    const before = client.messages.length;
    member.settle();
    assert.equal(client.messages.length, before);
    repeatLog(member, store);
    member.settle();
    member.put('a', 'live');
    const revisions = client.messages.flatMap(
      ({ batch }) => batch?.events.map((event) => event.revision) ?? [],
    );
    assert.deepEqual(
      revisions,
      Array.from({ length: 101 }, (_, index) => index + 2),
    );
  });

  it('keeps what is unread, so that sleeping does not lend a slow receiver more', () => {
    let member = new TestMember();
    const client = member.client('c', { slow: true });
    client.watch('a');
    for (let count = 0; count < 30; count++) member.put('a', BIG);
    const { pendingBytes } = member.hub.gauges;
    const { unread } = client;
    member = rebuild(member, client, new Shell(), 31);
    assert.equal(member.hub.gauges.pendingBytes, pendingBytes);
    member.settle();
    assert.equal(client.unread, unread);
    assert.equal(member.hub.gauges.waitingWatchers, 1);
    client.read(unread - 1);
    client.read(1);
    assert.equal(member.hub.gauges.pendingBytes, 0);
    while (member.hub.hasWork || client.unread > 0) {
      member.settle();
      client.read();
    }
    const revisions = client.messages.flatMap(
      ({ batch }) => batch?.events.map((e) => e.revision) ?? [],
    );
    assert.deepEqual(
      revisions,
      Array.from({ length: 30 }, (_, index) => index + 2),
    );
  });

  it('moves into rows and back, and rewrites only rows that changed', () => {
    let member = new TestMember();
    const shell = new Shell();
    const client = member.client();
    const turn = (): void => {
      for (const stream of member.hub.takeUnsaved()) shell.store(stream.save());
    };
    for (let id = 0; id < 5000; id++) {
      client.watch(`some/key/of/middling/length/${id}`);
      if (id % 10 === 0) turn();
    }
    turn();
    assert.ok(shell.rows.size > 5);
    assert.ok(shell.rowsWritten < 600, `${shell.rowsWritten} rows written by 500 turns`);
    for (const bytes of shell.rows.values()) assert.ok(bytes.length <= WATCH_ROW_BYTES);
    member = rebuild(member, client, shell, 1);
    assert.equal(member.hub.gauges.watchers, 5000);
    client.lines();
    member.put('some/key/of/middling/length/4321');
    assert.deepEqual(client.lines(), ['4321@2 put some/key/of/middling/length/4321=v']);
    for (let id = 100; id < 200; id++) client.cancel(id);
    member = rebuild(member, client, shell, 2);
    assert.equal(member.hub.gauges.watchers, 4900, 'what was canceled does not come back');
    for (let id = 0; id < 5000; id++) if (id % 1000 !== 1) client.cancel(id);
    turn();
    assert.equal(shell.rows.size, 0);
    member = rebuild(member, client, shell, 2);
    assert.equal(member.hub.gauges.watchers, 5);
    for (let id = 0; id < 2000; id++) client.watch(`other/key/${id}`);
    turn();
    client.stream?.close();
    assert.equal(member.hub.gauges.watchers, 0);
  });

  it('takes few bytes for a watcher besides its key', () => {
    const member = new TestMember();
    const client = member.client();
    const before = client.stream?.save().attachment.length ?? 0;
    for (let id = 0; id < 100; id++) client.watch('0123456789');
    const after = client.stream?.save().attachment.length ?? 0;
    assert.ok((after - before) / 100 <= 10 + 16);
  });

  it('is refused when it is not understood, and not left half open', () => {
    const member = new TestMember();
    const client = member.client();
    client.watch('a');
    const { attachment } = client.stream?.save() ?? { attachment: new Uint8Array(0) };
    for (let length = 0; length < attachment.length; length++) {
      const other = new TestMember();
      const saved = { attachment: attachment.slice(0, length), rows: [] };
      try {
        other.hub.restore('c', saved, client);
      } catch (thrown) {
        assert.ok(thrown instanceof DecodeError);
        assert.equal(other.hub.gauges.streams, 0);
        assert.equal(other.hub.gauges.watchers, 0);
      }
    }
    const foreign = Uint8Array.from(attachment, (byte, index) => (index === 0 ? 99 : byte));
    assert.throws(
      () => new TestMember().hub.restore('c', { attachment: foreign, rows: [] }, client),
      /version 99, expected 1/,
    );
  });

  it('gives any range back as it was', () => {
    const key = fc.string({ unit: fc.constantFrom('\0', 'a', 'b', '\xfe', '\xff'), maxLength: 4 });
    fc.assert(
      fc.property(fc.array(fc.record({ key, end: key }), { maxLength: 20 }), (ranges) => {
        const member = new TestMember();
        const client = member.client();
        for (const { key: start, end } of ranges) client.watch(start, { range_end: bytesOf(end) });
        const restored = new TestMember();
        const saved = client.stream?.save() ?? { attachment: new Uint8Array(0), rows: [] };
        const stream = restored.hub.restore('c', saved, client);
        const textOf = (
          watchers: Iterable<{ id: unknown; group: { start: string; end: unknown } }>,
        ) => [...watchers].map(({ id, group }) => [id, group.start, group.end]);
        assert.deepEqual(
          textOf(stream.watchers.values()),
          textOf(client.stream?.watchers.values() ?? []),
        );
      }),
    );
  });
});

describe('takeUnsaved', () => {
  it('names streams whose watchers, positions or unread bytes changed', () => {
    const member = new TestMember();
    const client = member.client('c', { slow: true });
    const take = (): number => {
      const streams = member.hub.takeUnsaved();
      for (const stream of streams) stream.save();
      return streams.length;
    };
    assert.equal(take(), 1);
    assert.equal(take(), 0);
    client.watch('a');
    assert.equal(take(), 1);
    client.read();
    assert.equal(take(), 1);
    member.put('a');
    client.read();
    assert.equal(take(), 0, 'sent and read in one turn leaves the saved form true');
    member.put('a');
    assert.equal(take(), 1);
    client.cancel(0);
    client.stream?.close();
    assert.equal(take(), 0);
  });

  it('names every stream that was sent something, if the shell wants that', () => {
    const member = new TestMember({ saveEverySend: true });
    const client = member.client();
    client.watch('a');
    for (const stream of member.hub.takeUnsaved()) stream.save();
    member.put('b');
    assert.equal(member.hub.takeUnsaved().length, 0);
    member.put('a');
    assert.equal(member.hub.takeUnsaved().length, 1);
  });
});
