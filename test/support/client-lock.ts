/**
 * A lock as etcd's clients take it by themselves: a key `<name>/<lease in hexadecimal>`, put if it is not
 * there; the one created first holds the lock; the others watch for the deletion of the one before them.
 */
import { base64, type Gateway, type KeyValueJson, text } from './gateway.ts';
import { createRequest, SocketClient } from './watch-client.ts';

export interface Candidate {
  readonly key: string;
  readonly createRevision: number;
}

/** Resolves when the lock is held. */
export async function lockByKeys(
  gateway: Gateway,
  name: string,
  lease: number,
  value = '',
): Promise<Candidate> {
  const key = `${name}/${lease.toString(16)}`;
  const put = { request_put: { key: base64(key), value: base64(value), lease } };
  const { succeeded, header, responses } = await gateway.ok('kv/txn', {
    compare: [{ key: base64(key), target: 'CREATE', result: 'EQUAL', create_revision: '0' }],
    success: [put],
    failure: [{ request_range: { key: base64(key) } }],
  });
  const found = responses?.[0]?.response_range?.kvs?.[0]?.create_revision;
  const createRevision = Number(succeeded === true ? header?.revision : found);
  for (;;) {
    const before = await candidateBefore(gateway, name, createRevision);
    if (before.candidate === undefined) return { key, createRevision };
    await deletion(gateway, text(before.candidate.key), before.revision + 1);
  }
}

async function candidateBefore(
  gateway: Gateway,
  name: string,
  createRevision: number,
): Promise<{ candidate: KeyValueJson | undefined; revision: number }> {
  const { kvs, header } = await gateway.ok('kv/range', {
    key: base64(`${name}/`),
    range_end: base64(`${name}0`),
    max_create_revision: String(createRevision - 1),
    sort_order: 'DESCEND',
    sort_target: 'CREATE',
    limit: '1',
  });
  return { candidate: kvs?.[0], revision: Number(header?.revision) };
}

async function deletion(gateway: Gateway, key: string, start_revision: number): Promise<void> {
  const watch = await SocketClient.open(gateway.endpoint, createRequest({ key, start_revision }));
  try {
    for (;;) {
      const { result } = await watch.nextJson();
      if (result?.events?.some(({ type }) => type === 'DELETE') === true) return;
    }
  } finally {
    watch.close();
  }
}
