import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  CampaignResponse,
  LeaseTimeToLiveResponse,
  PutRequest,
  RangeRequest,
  RangeResponse,
  TxnRequest,
  TxnResponse,
  WatchRequest,
  WatchResponse,
} from '../../src/api/messages.ts';
import { withNamespace } from '../../src/proxy/namespace.ts';
import { eventually, FakeChannel, type FakeCall } from './support.ts';

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
const text = (key: Uint8Array | undefined): string => Buffer.from(key ?? []).toString('latin1');

/** What goes up for a request, and what comes back for an answer. */
function through(
  prefix: string,
  method: string,
): {
  up: (body: Uint8Array) => Uint8Array;
  down: (body: Uint8Array) => Uint8Array;
} {
  let last = new Uint8Array(0);
  const channel = new FakeChannel();
  const call = withNamespace(channel, bytes(prefix)).open(
    method,
    {},
    {
      onMessage: (body) => (last = Uint8Array.from(body)),
      onEnd: () => undefined,
    },
  );
  const inner = (): FakeCall => {
    const [first] = channel.calls;
    assert.ok(first !== undefined);
    return first;
  };
  return {
    up: (body) => {
      call.send(body);
      return inner().sent.at(-1) ?? new Uint8Array(0);
    },
    down: (body) => {
      inner().answer(body);
      return last;
    },
  };
}

describe('a namespace', () => {
  for (const [prefix, range, expected] of [
    ['ns/', ['a', ''], ['ns/a', '']],
    ['ns/', ['a', 'c'], ['ns/a', 'ns/c']],
    ['ns/', ['a', '\0'], ['ns/a', 'ns0']],
    ['n\xff', ['a', '\0'], ['n\xffa', 'o']],
    ['\xff\xff', ['a', '\0'], ['\xff\xffa', '\0']],
    ['ns/', ['\0', '\0'], ['ns/\0', 'ns0']],
  ] as const) {
    it(`turns ${JSON.stringify(range)} into ${JSON.stringify(expected)}`, () => {
      const { up } = through(prefix, 'etcdserverpb.KV/Range');
      const [key, end] = range.map(bytes);
      const sent = RangeRequest.decode(
        up(RangeRequest.encode({ key: key ?? null, range_end: end ?? null, limit: 7 }).finish()),
      );
      assert.deepEqual([text(sent.key), text(sent.range_end)], expected);
      assert.equal(Number(sent.limit), 7);
    });
  }

  it('takes the prefix off keys that come back, previous ones too', () => {
    const { down } = through('ns/', 'etcdserverpb.KV/Range');
    const answer = RangeResponse.encode({ kvs: [{ key: bytes('ns/a') }, { key: bytes('ns/b') }] });
    const { kvs } = RangeResponse.decode(down(answer.finish()));
    assert.deepEqual(
      kvs.map(({ key }) => text(key)),
      ['a', 'b'],
    );
    const watch = through('ns/', 'etcdserverpb.Watch/Watch');
    const event = { kv: { key: bytes('ns/a') }, prev_kv: { key: bytes('ns/a') } };
    const { events } = WatchResponse.decode(
      watch.down(WatchResponse.encode({ events: [event] }).finish()),
    );
    assert.equal(text(events[0]?.kv?.key), 'a');
    assert.equal(text(events[0]?.prev_kv?.key), 'a');
  });

  it('goes into transactions within transactions, and out of their answers', () => {
    const { up, down } = through('ns/', 'etcdserverpb.KV/Txn');
    const inner = { success: [{ request_put: { key: bytes('deep') } }] };
    const request = TxnRequest.encode({
      compare: [{ key: bytes('c') }],
      failure: [{ request_txn: inner }, { request_delete_range: { key: bytes('d') } }],
    });
    const sent = TxnRequest.decode(up(request.finish()));
    assert.equal(text(sent.compare[0]?.key), 'ns/c');
    const [nested, deletion] = sent.failure;
    assert.equal(text(nested?.request_txn?.success[0]?.request_put?.key), 'ns/deep');
    assert.equal(text(deletion?.request_delete_range?.key), 'ns/d');
    const kv = { key: bytes('ns/deep') };
    const responses = [{ response_txn: { responses: [{ response_put: { prev_kv: kv } }] } }];
    const answer = TxnResponse.decode(down(TxnResponse.encode({ responses }).finish()));
    const [answered] = answer.responses[0]?.response_txn?.responses ?? [];
    assert.equal(text(answered?.response_put?.prev_kv?.key), 'deep');
  });

  it('shows only the own keys of a lease, and names of elections without the prefix', () => {
    const lease = through('ns/', 'etcdserverpb.Lease/LeaseTimeToLive');
    const keys = [bytes('ns/mine'), bytes('other'), bytes('ns')];
    const answer = LeaseTimeToLiveResponse.decode(
      lease.down(LeaseTimeToLiveResponse.encode({ keys }).finish()),
    );
    assert.deepEqual(answer.keys.map(text), ['mine']);
    const election = through('ns/', 'v3electionpb.Election/Campaign');
    const leader = { name: bytes('ns/chair'), key: bytes('ns/chair/1') };
    const won = CampaignResponse.decode(
      election.down(CampaignResponse.encode({ leader }).finish()),
    );
    assert.deepEqual([text(won.leader?.name), text(won.leader?.key)], ['chair', 'chair/1']);
  });

  it('watches from the first key on when asked for the empty one', () => {
    const { up } = through('ns/', 'etcdserverpb.Watch/Watch');
    const request = WatchRequest.encode({ create_request: { range_end: bytes('\0') } });
    const sent = WatchRequest.decode(up(request.finish())).create_request;
    assert.deepEqual([text(sent?.key), text(sent?.range_end)], ['ns/\0', 'ns0']);
  });

  it('refuses an empty key itself, since below it would not be one', async () => {
    const channel = new FakeChannel();
    let ended: string | undefined;
    const call = withNamespace(channel, bytes('ns/')).open(
      'etcdserverpb.KV/Put',
      {},
      {
        onMessage: () => undefined,
        onEnd: ({ code, message }) => (ended = `${code} ${message}`),
      },
    );
    call.send(PutRequest.encode({ value: bytes('v') }).finish());
    await eventually(() => ended);
    assert.equal(ended, '3 etcdserver: key is not provided');
    assert.deepEqual(channel.calls[0]?.sent, []);
    assert.equal(channel.calls[0].cancelled, true);
  });
});
