/** Watch frames of etcd's JSON gateway, between their text and the plain values of the checkers. */
import { bytesOf, byteString } from '../../../src/lib/bytes.ts';
import type { Pair } from '../kv.ts';
import type { WatchAnswer, WatchAsked, WatchedEvent } from '../watch-record.ts';

interface WirePair {
  readonly key?: string;
  readonly value?: string;
  readonly create_revision?: string;
  readonly mod_revision?: string;
  readonly version?: string;
}

interface WireResponse {
  readonly header?: { readonly revision?: string };
  readonly watch_id?: string;
  readonly created?: boolean;
  readonly canceled?: boolean;
  readonly compact_revision?: string;
  readonly fragment?: boolean;
  readonly events?: readonly {
    readonly type?: string;
    readonly kv: WirePair;
    readonly prev_kv?: WirePair;
  }[];
}

export interface ReadFrame {
  /** In decimal. */
  readonly watchId: string;
  readonly answer: WatchAnswer;
}

/** Reads `{"result":…}`; undefined for the line of an error. */
export function readFrame(text: string): ReadFrame | undefined {
  const { result } = JSON.parse(text) as { readonly result?: WireResponse };
  if (result === undefined) return undefined;
  return {
    watchId: result.watch_id ?? '0',
    answer: {
      revision: Number(result.header?.revision ?? 0),
      created: result.created ?? false,
      canceled: result.canceled ?? false,
      compactRevision: Number(result.compact_revision ?? 0),
      fragment: result.fragment ?? false,
      events: (result.events ?? []).map(({ type, kv, prev_kv }): WatchedEvent => {
        const isDelete = type === 'DELETE';
        return {
          kind: isDelete ? 'delete' : 'put',
          key: textOf(kv.key),
          revision: Number(kv.mod_revision),
          pair: isDelete ? undefined : pairOf(kv),
          prev: prev_kv === undefined ? undefined : pairOf(prev_kv),
        };
      }),
    },
  };
}

export interface CreateFields extends WatchAsked {
  /** Chosen by the client; 0: the server chooses. */
  readonly id: number;
  readonly progress: boolean;
}

export function createFrame(asked: CreateFields): string {
  const { id, progress, key, end, start } = asked;
  const filters = [
    ...(asked.noPut === true ? ['NOPUT'] : []),
    ...(asked.noDelete === true ? ['NODELETE'] : []),
  ];
  return JSON.stringify({
    create_request: {
      key: base64Of(key),
      ...(end === undefined ? {} : { range_end: base64Of(end) }),
      start_revision: String(start),
      prev_kv: asked.prevKv === true,
      fragment: asked.fragment === true,
      progress_notify: progress,
      watch_id: String(id),
      filters,
    },
  });
}

export function cancelFrame(id: string): string {
  return JSON.stringify({ cancel_request: { watch_id: id } });
}

export const PROGRESS_FRAME = JSON.stringify({ progress_request: {} });

function pairOf(kv: WirePair): Pair {
  return {
    key: textOf(kv.key),
    value: textOf(kv.value),
    create: Number(kv.create_revision ?? 0),
    mod: Number(kv.mod_revision ?? 0),
    version: Number(kv.version ?? 0),
  };
}

function textOf(base64: string | undefined): string {
  return base64 === undefined ? '' : byteString(Buffer.from(base64, 'base64'));
}

function base64Of(text: string): string {
  return Buffer.from(bytesOf(text)).toString('base64');
}
