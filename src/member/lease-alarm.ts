/**
 * When the leases want their member to be woken, in storage beside the alarm itself, which they share with
 * others who may set it anew after the object was built again; and what members tell each other of it.
 */
import { LEASE_FOLLOWER_GRACE_MS, LEASE_LEADERLESS_ALARM_MS_MAX } from '../constants.ts';
import { ByteReader, ByteWriter, DecodeError } from '../lib/binary.ts';
import { EMPTY_BYTES } from '../lib/bytes.ts';
import { readNote, writeNote } from '../lib/note-row.ts';
import type { RowStore } from '../lib/row-store.ts';
import type { Alarms } from './alarms.ts';

/** Who wishes for an alarm. */
export const LEASE_ALARM = 'lease';

const ALARM_TABLE = 'lease_alarm';
const ALARM_ROW = 0;

export class LeaseAlarm {
  readonly #alarms: Alarms;
  readonly #rows: RowStore;
  /** As it stands in storage; undefined: no alarm is wished for. */
  #atMs: number | undefined;
  /** How often in a row this member came to rest without a leader; as it stands in storage. */
  #leaderless = 0;

  constructor(alarms: Alarms, rows: RowStore) {
    this.#alarms = alarms;
    this.#rows = rows;
    const saved = readNote(rows, ALARM_TABLE, ALARM_ROW, (reader) => ({
      atMs: reader.varint(),
      leaderless: reader.varint(),
    }));
    this.#atMs = saved?.atMs;
    this.#leaderless = saved?.leaderless ?? 0;
    alarms.wish(LEASE_ALARM, this.#atMs);
  }

  get atMs(): number | undefined {
    return this.#atMs;
  }

  /** Takes effect, like all that follows, when the alarms are settled. */
  wish(atMs: number | undefined): void {
    this.#save(atMs, 0);
  }

  /** For a member that is awake: says nothing about whether it finds a leader. */
  keepAhead(atMs: number): void {
    this.#save(atMs, this.#leaderless);
  }

  /**
   * A follower comes to rest, and the first lease may end in `remainingMs`: it looks after the leader when
   * that should long have acted. While there is no leader to be found it looks less and less often.
   */
  wishToCheck(nowMs: number, remainingMs: number, hasLeader: boolean): void {
    const leaderless = hasLeader ? 0 : this.#leaderless + 1;
    const pauseMs = (remainingMs + LEASE_FOLLOWER_GRACE_MS) * 2 ** Math.max(0, leaderless - 1);
    const mostMs = Math.max(LEASE_LEADERLESS_ALARM_MS_MAX, remainingMs + LEASE_FOLLOWER_GRACE_MS);
    this.#save(nowMs + Math.min(pauseMs, mostMs), leaderless);
  }

  #save(atMs: number | undefined, leaderless: number): void {
    this.#alarms.wish(LEASE_ALARM, atMs);
    if (atMs === this.#atMs && leaderless === this.#leaderless) return;
    this.#atMs = atMs;
    this.#leaderless = leaderless;
    if (atMs === undefined) {
      this.#rows.delete(ALARM_TABLE, ALARM_ROW);
      return;
    }
    writeNote(this.#rows, ALARM_TABLE, ALARM_ROW, (writer) => {
      writer.varint(Math.max(0, Math.ceil(atMs)));
      writer.varint(leaderless);
    });
  }
}

/** What a leader at rest tells the others: milliseconds until its first lease ends; undefined: not known. */
export function encodeRestNote(remainingMs: number | undefined): Uint8Array {
  if (remainingMs === undefined) return EMPTY_BYTES;
  const writer = new ByteWriter();
  writer.varint(Math.max(0, Math.ceil(remainingMs)));
  return writer.finish();
}

/** Undefined if nothing was told, or in a form of a later version. */
export function decodeRestNote(note: Uint8Array): number | undefined {
  if (note.length === 0) return undefined;
  try {
    return new ByteReader(note).varint();
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
