/**
 * What travels on PEER_SNAPSHOT_PATH. A transfer is one `begin`, `chunk`s in order, one `finish`. Each
 * answer says which position the receiver expects next, so that a sender can resume after a lost answer.
 */
import { ByteReader, ByteWriter, DecodeError } from '../lib/binary.ts';
import { readSnapshotMeta, writeSnapshotMeta } from '../raft/codec.ts';
import type { SnapshotMeta } from '../raft/types.ts';

export const SnapshotStep = { begin: 1, chunk: 2, finish: 3 } as const;

export interface SnapshotBegin {
  readonly step: typeof SnapshotStep.begin;
  readonly transfer: string;
  readonly meta: SnapshotMeta;
  readonly revision: number;
  readonly compactRevision: number;
  /** StateMachine.exportState: all replicated state but the pages. */
  readonly state: Uint8Array;
}

export interface SnapshotChunk {
  readonly step: typeof SnapshotStep.chunk;
  readonly transfer: string;
  /** Position of the first page, as PageExport counts. */
  readonly position: number;
  /** Position after the last page; PAGES_END after the last of all. */
  readonly next: number;
  readonly pages: readonly Uint8Array[];
}

export interface SnapshotFinish {
  readonly step: typeof SnapshotStep.finish;
  readonly transfer: string;
  /** The frame with Raft's snapshot message: stepped once the pages are complete. */
  readonly frame: Uint8Array;
}

export type SnapshotRequest = SnapshotBegin | SnapshotChunk | SnapshotFinish;

/** `next` of the last chunk, and the position a receiver expects when it has everything. */
export const PAGES_END = Number.MAX_SAFE_INTEGER;

export function encodeSnapshotRequest(request: SnapshotRequest): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(request.step);
  writer.string(request.transfer);
  switch (request.step) {
    case SnapshotStep.begin:
      writeSnapshotMeta(writer, request.meta);
      writer.varint(request.revision);
      writer.varint(request.compactRevision + 1);
      writer.bytes(request.state);
      break;
    case SnapshotStep.chunk:
      writer.varint(request.position);
      writer.varint(request.next);
      writer.varint(request.pages.length);
      for (const page of request.pages) writer.bytes(page);
      break;
    case SnapshotStep.finish:
      writer.bytes(request.frame);
      break;
  }
  return writer.finish();
}

/** @throws DecodeError */
export function decodeSnapshotRequest(body: Uint8Array): SnapshotRequest {
  const reader = new ByteReader(body);
  const request = readSnapshotRequest(reader);
  if (reader.done) return request;
  throw new DecodeError(`decode snapshot request: ${reader.remaining} bytes too many`);
}

function readSnapshotRequest(reader: ByteReader): SnapshotRequest {
  const step = reader.u8();
  const transfer = reader.string();
  switch (step) {
    case SnapshotStep.begin: {
      const meta = readSnapshotMeta(reader);
      const revision = reader.varint();
      const compactRevision = reader.varint() - 1;
      return { step, transfer, meta, revision, compactRevision, state: reader.bytes().slice() };
    }
    case SnapshotStep.chunk: {
      const position = reader.varint();
      const next = reader.varint();
      const count = reader.varint();
      const pages: Uint8Array[] = [];
      for (let index = 0; index < count; index++) pages.push(reader.bytes());
      return { step, transfer, position, next, pages };
    }
    case SnapshotStep.finish:
      return { step, transfer, frame: reader.bytes().slice() };
    default:
      throw new DecodeError(`decode snapshot request: step ${step} is not one of 1, 2, 3`);
  }
}

export function encodeSnapshotAnswer(expected: number): Uint8Array {
  const writer = new ByteWriter();
  writer.varint(expected);
  return writer.finish();
}

/** The position the receiver expects next. @throws DecodeError */
export function decodeSnapshotAnswer(body: Uint8Array): number {
  return new ByteReader(body).varint();
}
