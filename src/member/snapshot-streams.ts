/**
 * Maintenance/Snapshot: streams of this member's state as etcd's database file, pulled part by part.
 * Between two pulls nothing is held but an export of the store (docs/internals/mvcc.md), the file's
 * hash so far, and the part sent last, so that a pull whose answer was lost can be repeated.
 */
import { Code, StatusError } from '../api/errors.ts';
import type { SnapshotResponseInput } from '../api/messages.ts';
import { FILE_STORAGE_VERSION } from '../backend/buckets.ts';
import { EtcdSnapshot, type SnapshotPart } from '../backend/snapshot.ts';
import {
  SNAPSHOT_IDLE_TIMEOUT_MS,
  SNAPSHOT_SLICE_PAUSE_MS,
  SNAPSHOTS_OPEN_MAX,
} from '../constants.ts';
import { ByteReader, ByteWriter, DecodeError } from '../lib/binary.ts';
import { hexOf } from '../lib/bytes.ts';
import type { PageExport } from '../mvcc/types.ts';
import type { Member } from './member.ts';
import type { Timer } from './ports.ts';

const ID_BYTES = 8;

interface Stream {
  readonly id: string;
  readonly snapshot: EtcdSnapshot;
  readonly pages: PageExport;
  /** How many parts were made. */
  parts: number;
  /** The part made last, or being made. */
  last: Promise<SnapshotPart>;
  /** Applied index when the last slice was made: if it moved since, there are writes. */
  seenIndex: number;
  idle: Timer | undefined;
}

export interface SnapshotPage {
  readonly response: SnapshotResponseInput;
  readonly next: Uint8Array | undefined;
}

export class SnapshotStreams {
  readonly #member: Member;
  readonly #streams = new Map<string, Stream>();

  constructor(member: Member) {
    this.#member = member;
  }

  /**
   * The first part, or the one that `cursor` of the part before names.
   * @throws StatusError Unavailable when the stream is not known here: it was given up, or this member
   *   has begun anew since
   */
  async page(cursor: Uint8Array | undefined): Promise<SnapshotPage> {
    const { id, part } = cursor === undefined ? { id: this.#open(), part: 0 } : readCursor(cursor);
    const stream = this.#known(id);
    if (part === stream.parts) {
      stream.parts++;
      stream.last = this.#make(stream);
    } else if (part !== stream.parts - 1) {
      throw new StatusError(
        Code.InvalidArgument,
        `edgetcd: part ${part} of a snapshot was asked for, the next is ${stream.parts}`,
      );
    }
    const { blob, remainingBytes, last } = await stream.last;
    this.#expectPull(stream);
    if (last) this.#close(stream);
    return {
      response: { blob, remaining_bytes: remainingBytes, version: FILE_STORAGE_VERSION },
      next: last ? undefined : writeCursor(id, part + 1),
    };
  }

  #open(): string {
    if (this.#streams.size >= SNAPSHOTS_OPEN_MAX) throw StatusError.of('requestTooManyRequests');
    const member = this.#member;
    const stream = member.read((state) => {
      const { confState } = member.checkpoint();
      const pages = state.mvcc.exportPages();
      const snapshot = new EtcdSnapshot(pages, state.exportState(confState));
      const id = hexOf(member.ports.random.bytes(ID_BYTES));
      const last = Promise.reject<SnapshotPart>(new Error('no part was made yet'));
      // Never read: the first pull replaces it.
      last.catch(() => undefined);
      return { id, snapshot, pages, parts: 0, last, seenIndex: -1, idle: undefined };
    });
    this.#streams.set(stream.id, stream);
    this.#expectPull(stream);
    return stream.id;
  }

  async #make(stream: Stream): Promise<SnapshotPart> {
    const { ports, state } = this.#member;
    try {
      for (;;) {
        const index = state.applied.index;
        const writes = stream.seenIndex >= 0 && index !== stream.seenIndex;
        stream.seenIndex = index;
        const pauseMs = writes ? SNAPSHOT_SLICE_PAUSE_MS : 0;
        await new Promise<void>((resolve) => ports.clock.setTimer(pauseMs, resolve));
        this.#expectPull(stream);
        const part = this.#member.read(() => stream.snapshot.step());
        if (part !== undefined) return part;
      }
    } catch (error) {
      this.#close(stream);
      throw error;
    }
  }

  #known(id: string): Stream {
    const stream = this.#streams.get(id);
    if (stream !== undefined) return stream;
    throw new StatusError(
      Code.Unavailable,
      `edgetcd: the snapshot is not under way at member ${this.#member.self.name}: it was not pulled for ` +
        `${SNAPSHOT_IDLE_TIMEOUT_MS / 1000} seconds, or the member was restarted; begin anew`,
    );
  }

  #expectPull(stream: Stream): void {
    stream.idle?.cancel();
    if (!this.#streams.has(stream.id)) return;
    const { clock } = this.#member.ports;
    stream.idle = clock.setTimer(SNAPSHOT_IDLE_TIMEOUT_MS, () => this.#close(stream));
  }

  #close(stream: Stream): void {
    stream.idle?.cancel();
    if (this.#streams.delete(stream.id)) stream.pages.close();
  }
}

function writeCursor(id: string, part: number): Uint8Array {
  const writer = new ByteWriter(32);
  writer.string(id);
  writer.varint(part);
  return writer.finish();
}

function readCursor(bytes: Uint8Array): { readonly id: string; readonly part: number } {
  try {
    const reader = new ByteReader(bytes);
    return { id: reader.string(), part: reader.varint() };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new StatusError(Code.InvalidArgument, `edgetcd: snapshot cursor: ${error.message}`);
  }
}
