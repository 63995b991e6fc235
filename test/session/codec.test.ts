/** Goal: what one side writes the other reads, and nothing else is taken for it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { WatchCreateRequest } from '../../src/api/messages.ts';
import {
  SESSION_FRAME_ITEMS_MAX,
  SESSION_METADATA_BYTES_MAX,
  SESSION_METHOD_BYTES_MAX,
} from '../../src/constants.ts';
import { DecodeError } from '../../src/lib/binary.ts';
import { Kind, type Metadata, type Open } from '../../src/session/items.ts';
import { readClientFrame, readServerFrame } from '../../src/session/reader.ts';
import { FrameWriter } from '../../src/session/writer.ts';
import { clientItems, collector, serverItems, type Item } from './items.ts';

const write = (items: readonly Item[]): Uint8Array => {
  const writer = new FrameWriter();
  for (const [name, ...args] of items) (writer[name] as (...args: unknown[]) => void)(...args);
  return writer.take();
};

const readBy =
  (read: (frame: Uint8Array, sink: ReturnType<typeof collector>['sink']) => void) =>
  (frame: Uint8Array): Item[] => {
    const { sink, items } = collector();
    read(frame, sink);
    return items;
  };
const readClient = readBy(readClientFrame);
const readServer = readBy(readServerFrame);

describe('frames of a session', () => {
  it('from a client are read as they were written', () => {
    fc.assert(
      fc.property(fc.array(clientItems, { maxLength: 20 }), (items) => {
        assert.deepEqual(readClient(write(items)), items);
      }),
    );
  });

  it('from a server are read as they were written', () => {
    fc.assert(
      fc.property(fc.array(serverItems, { maxLength: 20 }), (items) => {
        assert.deepEqual(readServer(write(items)), items);
      }),
    );
  });

  it('name a method once for calls in a row', () => {
    const method = 'etcdserverpb.KV/Put';
    const one = write([['open', 1, open({ method })]]);
    const two = write([
      ['open', 1, open({ method })],
      ['open', 2, open({ method })],
    ]);
    assert.ok(two.length - one.length < 5);
    assert.deepEqual(
      readClient(two).map((item) => (item[2] as Open).method),
      [method, method],
    );
  });

  it('are cut nowhere without an error, but between items', () => {
    const items: Item[] = [
      ['open', 1, open({ body: new Uint8Array(300), timeoutMs: 70_000 })],
      ['message', 1, new Uint8Array(200)],
      ['credit', 1, 1_000_000],
    ];
    const frame = write(items);
    const bounds = items.map((_, count) => write(items.slice(0, count)).length);
    for (let length = 0; length < frame.length; length++) {
      const cut = frame.subarray(0, length);
      if (bounds.includes(length)) readClient(cut);
      else assert.throws(() => readClient(cut), DecodeError, `cut at ${length}`);
    }
  });

  for (const [what, frame, says] of [
    ['an unknown kind', Uint8Array.of(12, 1), /kind 12, expected 1 to 11/],
    ['kind 0', Uint8Array.of(0), /kind 0, expected 1 to 11/],
    ["a server's item", write([['answer', 1, new Uint8Array(0)]]), /kind 8 is a server's/],
    ['an unknown flag', Uint8Array.of(Kind.OPEN, 1, 16, 1, 65), /flags 16, of which only 15/],
    ['a call without a method', Uint8Array.of(Kind.OPEN, 1, 0, 0), /names no method/],
    [
      'a long method',
      write([['open', 1, open({ method: 'm'.repeat(SESSION_METHOD_BYTES_MAX + 1) })]]),
      /a method of 129 bytes, at most 128/,
    ],
    ['a method that is no text', Uint8Array.of(Kind.OPEN, 1, 0, 1, 0xff), /a text is not UTF-8/],
    [
      'too much metadata',
      write([['open', 1, open({ metadata: long(SESSION_METADATA_BYTES_MAX) })]]),
      /bytes of metadata, at most 16384/,
    ],
    [
      'more metadata announced than there is',
      Uint8Array.of(Kind.OPEN, 1, 8, 1, 65, 100),
      /100 things announced, 0 bytes are left/,
    ],
    [
      'a watcher that is none',
      Uint8Array.of(Kind.RESUME, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff),
      /a watcher's request is none/,
    ],
    [
      'too many items',
      write(Array.from({ length: SESSION_FRAME_ITEMS_MAX + 1 }, () => ['cancel', 1])),
      /more than 65536 items/,
    ],
  ] as const) {
    it(`refuse ${what}`, () => {
      assert.throws(
        () => readClient(frame),
        (error) => error instanceof DecodeError && says.test(error.message),
      );
    });
  }

  it('say what a watch resumes with', () => {
    const request = WatchCreateRequest.create({ key: Buffer.from('k'), progress_notify: true });
    const resumption = { nextId: 3, sentRevision: 9, watchers: [{ id: -5n, next: 7, request }] };
    const [item] = readClient(write([['resume', 4, resumption]]));
    const read = item?.[2] as typeof resumption;
    assert.equal(read.nextId, 3);
    assert.equal(read.sentRevision, 9);
    assert.deepEqual(
      read.watchers.map(({ id, next, request: { key } }) => [
        id,
        next,
        Buffer.from(key).toString(),
      ]),
      [[-5n, 7, 'k']],
    );
  });
});

function open(fields: Partial<Open>): Open {
  return {
    method: 'a.B/C',
    metadata: [],
    timeoutMs: undefined,
    body: undefined,
    halfClosed: false,
    ...fields,
  };
}

function long(bytes: number): Metadata {
  return [['name', 'v'.repeat(bytes)]];
}
