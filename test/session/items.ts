/** Items of sessions at random, and a reader's sink that keeps what it is told. */
import fc from 'fast-check';
import type { ClientSink, ServerSink } from '../../src/session/reader.ts';
import type { FrameWriter } from '../../src/session/writer.ts';

export type ItemName = Exclude<keyof FrameWriter, 'take' | 'length' | 'capacity'>;
/** Name of the item, then its fields as writer and sink have them. */
export type Item = readonly [name: ItemName, ...fields: readonly unknown[]];

/** As object literals make them. */
const plain = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(model, { noNullPrototype: true });
const safe = fc.maxSafeNat();
const body = fc.uint8Array({ maxLength: 100 });
const text = fc.string({ maxLength: 20, unit: 'grapheme' });
const metadata = fc.array(
  fc.oneof(
    fc.tuple(fc.constantFrom('hasleader', 'token'), text),
    fc.tuple(fc.constant('trace-bin'), body),
  ),
  { maxLength: 3 },
);
const hello = plain({
  version: safe,
  windowBytes: safe,
  frameBytesMax: safe,
  callsMax: safe,
  metadata,
});
const open = plain({
  method: fc.constantFrom('etcdserverpb.KV/Put', 'etcdserverpb.Watch/Watch', 'a.B/C'),
  metadata,
  timeoutMs: fc.option(safe, { nil: undefined }),
  body: fc.option(body, { nil: undefined }),
  halfClosed: fc.boolean(),
});
const status = fc.oneof(
  plain({ code: fc.nat(16), message: text }),
  plain({ code: fc.nat(16), message: text, details: body }),
);

const item = <T extends readonly unknown[]>(
  name: ItemName,
  ...fields: { [K in keyof T]: fc.Arbitrary<T[K]> }
): fc.Arbitrary<Item> =>
  fc.tuple(...(fields as readonly fc.Arbitrary<unknown>[])).map((values) => [name, ...values]);

export const clientItems: fc.Arbitrary<Item> = fc.oneof(
  item('hello', hello),
  item('open', safe, open),
  item('message', safe, body),
  item('halfClose', safe),
  item('cancel', safe),
  item('credit', safe, safe),
);

export const serverItems: fc.Arbitrary<Item> = fc.oneof(
  item('hello', hello),
  item('headers', safe, metadata),
  item('message', safe, body),
  item('answer', safe, body),
  item('end', safe, status, metadata),
  item('credit', safe, safe),
  item('position', safe, safe, fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))),
);

/** Keeps what a reader says. */
export function collector(): { readonly sink: ClientSink & ServerSink; readonly items: Item[] } {
  const items: Item[] = [];
  const keep =
    (name: ItemName) =>
    (...fields: readonly unknown[]): void =>
      void items.push([name, ...fields]);
  const sink = {
    hello: keep('hello'),
    open: keep('open'),
    message: keep('message'),
    halfClose: keep('halfClose'),
    cancel: keep('cancel'),
    credit: keep('credit'),
    resume: keep('resume'),
    headers: keep('headers'),
    answer: keep('answer'),
    end: keep('end'),
    position: keep('position'),
  };
  return { sink, items };
}
