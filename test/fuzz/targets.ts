/** Every decoder that faces the network or storage: good input to start from, and what it may throw. */
import { StatusError } from '../../src/api/errors.ts';
import { decodeJson, encodeJson } from '../../src/api/json.ts';
import * as messages from '../../src/api/messages.ts';
import { decodeCursor, encodeCursor } from '../../src/apply/range-stream.ts';
import { decodeState, encodeState } from '../../src/apply/state-codec.ts';
import { BboltError } from '../../src/bbolt/format.ts';
import { BboltFile } from '../../src/bbolt/reader.ts';
import { EtcdDatabase } from '../../src/backend/database.ts';
import { StateFromDatabase } from '../../src/backend/restore.ts';
import { DecodeError } from '../../src/lib/binary.ts';
import { byteString, bytesOf } from '../../src/lib/bytes.ts';
import { decodeRestoreBody, encodeRestoreBody } from '../../src/member/restore-messages.ts';
import type { Prng } from '../../src/lib/prng.ts';
import {
  decodeSnapshotAnswer,
  decodeSnapshotRequest,
  encodeSnapshotAnswer,
  encodeSnapshotRequest,
  SnapshotStep,
} from '../../src/member/snapshot-messages.ts';
import { readSession, writeSession } from '../../src/member/session-state.ts';
import { decodePiece, encodePiece, SnapshotError } from '../../src/mvcc/snapshot-page.ts';
import {
  decodeConfChange,
  decodeMessages,
  encodeConfChange,
  encodeMessages,
} from '../../src/raft/codec.ts';
import { buildFile, sourceOf } from '../bbolt/support.ts';
import { ConfChangeType, EntryKind, MessageType, type SnapshotMeta } from '../../src/raft/types.ts';

import { readClientFrame, readServerFrame } from '../../src/session/reader.ts';
import { scanWatchResponse } from '../../src/session/watch-scan.ts';
import { FrameWriter } from '../../src/session/writer.ts';
import { collector } from '../session/items.ts';

export interface Target {
  readonly name: string;
  /** Input the decoder takes. */
  readonly good: (prng: Prng) => Uint8Array;
  /** Decodes; what it returns is encoded again by `again` where there is one form of everything. */
  readonly decode: (bytes: Uint8Array) => unknown;
  /** Is this the decoder's own way of saying no? */
  readonly refuses: (error: unknown) => boolean;
}

const NODE = '00000000000000ab';
const OTHER = '00000000000000cd';
const META: SnapshotMeta = {
  index: 70,
  term: 3,
  confState: {
    voters: [NODE, OTHER],
    learners: [],
    votersOutgoing: [NODE],
    learnersNext: [OTHER],
    autoLeave: true,
  },
};

const saysNo =
  (...kinds: readonly (abstract new (...args: never[]) => Error)[]) =>
  (error: unknown): boolean =>
    kinds.some((kind) => error instanceof kind);

function frame(prng: Prng): Uint8Array {
  const blank = { logTerm: 2, index: 5, commit: 4, reject: prng.bool(), rejectHint: 3, term: 3 };
  const data = prng.bytes(prng.below(40));
  const entries = [{ term: 3, index: 6, kind: EntryKind.normal, data }];
  return encodeMessages([
    { ...blank, type: MessageType.append, from: NODE, to: OTHER, entries, context: prng.bytes(3) },
    {
      ...blank,
      type: MessageType.snapshot,
      from: NODE,
      to: OTHER,
      entries: [],
      context: prng.bytes(0),
      snapshot: META,
    },
  ]);
}

function confChange(prng: Prng): Uint8Array {
  return encodeConfChange({
    steps: [
      { type: ConfChangeType.addLearner, node: NODE },
      { type: ConfChangeType.remove, node: OTHER },
    ],
    transition: prng.bool() ? 'auto' : 'explicit',
    context: prng.bytes(prng.below(20)),
  });
}

function snapshotRequest(prng: Prng): Uint8Array {
  const transfer = 'abcdef';
  switch (prng.below(3)) {
    case 0:
      return encodeSnapshotRequest({
        step: SnapshotStep.begin,
        transfer,
        meta: META,
        revision: 9,
        compactRevision: -1,
        state: prng.bytes(30),
      });
    case 1:
      return encodeSnapshotRequest({
        step: SnapshotStep.chunk,
        transfer,
        position: 3,
        next: 5,
        pages: [prng.bytes(20), prng.bytes(0)],
      });
    default:
      return encodeSnapshotRequest({ step: SnapshotStep.finish, transfer, frame: frame(prng) });
  }
}

function piece(prng: Prng): Uint8Array {
  const header = { kind: 'header', revision: 9, compactRevision: 4, liveKeys: 3, liveBytes: 70 };
  const page = {
    kind: 'logPage',
    from: 1,
    id: 4096,
    firstSub: 0,
    records: 2,
    data: prng.bytes(50),
  };
  return encodePiece((prng.bool() ? header : page) as never);
}

/** Keys with versions and a deletion, a lease, a mark of compaction. */
function database(prng: Prng): Uint8Array {
  const key = new Map<string, string>();
  for (let revision = 2; revision < 5 + prng.below(40); revision++) {
    const gone = revision > 2 && prng.below(5) === 0;
    const pair = { key: bytesOf(`k${gone ? revision - 1 : revision}`) };
    const put = {
      create_revision: revision,
      mod_revision: revision,
      version: 1,
      lease: 5,
      value: prng.bytes(prng.below(200)),
    };
    key.set(
      revisionKey(revision) + (gone ? 't' : ''),
      byteString(messages.KeyValue.encode(gone ? pair : { ...pair, ...put }).finish()),
    );
  }
  return buildFile(
    new Map([
      ['auth', new Map([['authRevision', '\0\0\0\0\0\0\0\x01']])],
      ['key', key],
      ['lease', new Map([['\0\0\0\0\0\0\0\x05', '\x08\x05\x10\x3c']])],
      ['meta', new Map([['scheduledCompactRev', revisionKey(3)]])],
    ]),
  );
}

function revisionKey(revision: number): string {
  return `\0\0\0\0\0\0\0${String.fromCharCode(revision)}_\0\0\0\0\0\0\0\0`;
}

/** A transaction with everything in it, as a client may send it. */
function txn(prng: Prng): messages.TxnRequestInput {
  const key = prng.bytes(1 + prng.below(6));
  return {
    compare: [{ key, target: messages.CompareTarget.VALUE, value: prng.bytes(4), range_end: key }],
    success: [
      { request_put: { key, value: prng.bytes(prng.below(30)), lease: 7n, prev_kv: true } },
      {
        request_txn: { success: [{ request_range: { key, limit: 5, revision: prng.below(99) } }] },
      },
    ],
    failure: [{ request_delete_range: { key, range_end: prng.bytes(2) } }],
  };
}

const internalRequest = (prng: Prng): Uint8Array =>
  messages.InternalRequest.encode(
    messages.InternalRequest.create({
      proposer: prng.bytes(8),
      txn: messages.TxnRequest.decode(messages.TxnRequest.encode(txn(prng)).finish()),
    }),
  ).finish();

function clientFrame(prng: Prng): Uint8Array {
  const writer = new FrameWriter();
  const method = 'etcdserverpb.KV/Put';
  const metadata = [['trace-bin', prng.bytes(5)] as const, ['hasleader', 'true'] as const];
  writer.hello({ version: 1, windowBytes: 70_000, frameBytesMax: 9, callsMax: 0, metadata });
  for (let id = 1; id < 4; id++) {
    const body = prng.bytes(prng.below(40));
    writer.open(id, { method, metadata, timeoutMs: 500, body, halfClosed: prng.bool() });
  }
  const request = messages.WatchCreateRequest.create({ key: prng.bytes(4) });
  const watchers = [{ id: 3n, next: 9, request }];
  writer.resume(2, { nextId: 4, sentRevision: 8, watchers });
  writer.message(2, prng.bytes(3));
  writer.halfClose(2);
  writer.credit(2, 1_000);
  writer.cancel(2);
  return writer.take();
}

function serverFrame(prng: Prng): Uint8Array {
  const writer = new FrameWriter();
  const status = { code: 5, message: 'etcdserver: nö', details: prng.bytes(6) };
  writer.headers(1, [['a-bin', prng.bytes(4)]]);
  writer.message(1, prng.bytes(prng.below(40)));
  writer.answer(2, prng.bytes(20));
  writer.end(1, status, [['a', 'b']]);
  writer.position(3, 77, [1n, -4n]);
  return writer.take();
}

function savedSession(prng: Prng): Uint8Array {
  const waiting = [prng.bytes(9)];
  const head = { number: 7, needsLeader: true, credit: -5, taken: 9 };
  const state = { ...head, attachment: prng.bytes(30), waiting };
  const observed = { name: prng.bytes(3), credit: 70, told: '5 k', seenRevision: 9 };
  return writeSession({
    windowBytes: 1_000,
    calls: [
      { kind: 'watch', id: 3, state },
      { kind: 'keepAlive', id: 4, state: { credit: 9, taken: 70 } },
      { kind: 'observe', id: 5, state: observed },
    ],
  });
}

/** protobufjs throws plain errors and RangeErrors, TextDecoder a TypeError for what is not UTF-8. */
const protobufSaysNo = (error: unknown): boolean =>
  error instanceof RangeError ||
  error instanceof TypeError ||
  (error instanceof Error && error.constructor.name === 'Error') ||
  error instanceof messages.WireError;

export const TARGETS: readonly Target[] = [
  { name: 'peer frame', good: frame, decode: decodeMessages, refuses: saysNo(DecodeError) },
  { name: 'conf change', good: confChange, decode: decodeConfChange, refuses: saysNo(DecodeError) },
  {
    name: 'snapshot request',
    good: snapshotRequest,
    decode: decodeSnapshotRequest,
    refuses: saysNo(DecodeError),
  },
  {
    name: 'snapshot answer',
    good: (prng) => encodeSnapshotAnswer(prng.below(2 ** 31)),
    decode: decodeSnapshotAnswer,
    refuses: saysNo(DecodeError),
  },
  {
    name: 'snapshot page',
    good: piece,
    decode: decodePiece,
    refuses: saysNo(DecodeError, SnapshotError),
  },
  {
    name: 'replicated state',
    good: () =>
      encodeState({
        point: META,
        clusterVersion: '3.7.0',
        members: [],
        removed: [OTHER],
        alarms: [],
        upload: '',
      }),
    decode: decodeState,
    refuses: saysNo(DecodeError),
  },
  {
    name: "etcd's database",
    good: database,
    decode: (bytes) => {
      const state = new StateFromDatabase(new EtcdDatabase(BboltFile.open(sourceOf(bytes))));
      return [...state.pages()].flat();
    },
    refuses: saysNo(BboltError, DecodeError),
  },
  {
    name: 'part of a restore',
    good: (prng) =>
      encodeRestoreBody({ pages: [prng.bytes(9), prng.bytes(0)], leases: prng.bytes(4) }),
    decode: decodeRestoreBody,
    refuses: saysNo(DecodeError),
  },
  {
    name: 'range cursor',
    good: (prng) =>
      encodeCursor({
        key: 'k',
        revision: 5,
        headerRevision: 6,
        pageKeys: 10,
        sent: prng.below(99),
      }),
    decode: decodeCursor,
    refuses: saysNo(DecodeError),
  },
  {
    name: 'session frame of a client',
    good: clientFrame,
    decode: (bytes) => readClientFrame(bytes, collector().sink),
    refuses: saysNo(DecodeError),
  },
  {
    name: 'session frame of a server',
    good: serverFrame,
    decode: (bytes) => readServerFrame(bytes, collector().sink),
    refuses: saysNo(DecodeError),
  },
  {
    name: 'watch response looked through',
    good: (prng) =>
      messages.WatchResponse.encode({
        header: { revision: prng.below(99) },
        watch_id: -1,
        events: [{ kv: { key: prng.bytes(5), mod_revision: 7, value: prng.bytes(30) } }],
      }).finish(),
    decode: scanWatchResponse,
    refuses: saysNo(DecodeError),
  },
  {
    name: 'saved session',
    good: savedSession,
    decode: readSession,
    refuses: () => false,
  },
  {
    name: 'protobuf transaction',
    good: (prng) => messages.TxnRequest.encode(txn(prng)).finish(),
    decode: (bytes) => messages.TxnRequest.decode(bytes),
    refuses: protobufSaysNo,
  },
  {
    name: 'protobuf log entry',
    good: internalRequest,
    decode: (bytes) => messages.InternalRequest.decode(bytes),
    refuses: protobufSaysNo,
  },
  {
    name: 'JSON transaction',
    good: (prng) => bytesOf(encodeJson(messages.TxnRequest, txn(prng))),
    decode: (bytes) => decodeJson(messages.TxnRequest, bytes),
    refuses: saysNo(StatusError),
  },
];
