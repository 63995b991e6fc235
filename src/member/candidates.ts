/**
 * Locks and elections alike: each candidate has one key under the name, `<name>/<lease in hexadecimal>`,
 * and the one created first holds the lock or leads (etcd's rules K1 and E1). Clients that take locks by
 * themselves lay out their keys in the same way, so all of them exclude each other.
 */
import { Code, StatusError } from '../api/errors.ts';
import {
  CompareResult,
  CompareTarget,
  leaseIdOf,
  leaseIdToLong,
  LeaseGrantResponse,
  RangeRequest,
  RangeResponse,
  SortOrder,
  SortTarget,
  toNumber,
  TxnResponse,
  type CompareInput,
  type LeaseGrantResponseInput,
  type RangeRequestInput,
  type Int64Input,
  type KeyValueInput,
  type MessageType,
  type TxnRequestInput,
  type TxnResponseInput,
} from '../api/messages.ts';
import { LOCK_LEASE_TTL_SECONDS } from '../constants.ts';
import { ByteReader, ByteWriter } from '../lib/binary.ts';
import { byteString, bytesOf, concatBytes } from '../lib/bytes.ts';
import type { LeaseId } from '../mvcc/types.ts';
import type { Call } from './call.ts';
import type { Member } from './member.ts';

const SLASH = Uint8Array.of(0x2f);
/** The byte after the slash: where the keys under a name end. */
const AFTER_SLASH = Uint8Array.of(0x30);

export interface Candidacy {
  readonly name: Uint8Array;
  readonly key: Uint8Array;
  readonly lease: LeaseId;
  /** Create revision of `key`: the fencing token. */
  readonly rev: number;
  /** Of the store when the candidacy was entered, or had become the first. */
  readonly revision: number;
  readonly isFirst: boolean;
  /** What the key held before; undefined: it was created now. */
  readonly former: Uint8Array | undefined;
}

export class Candidates {
  readonly #member: Member;

  constructor(member: Member) {
    this.#member = member;
  }

  /** Enters a candidate unless its lease has one already. @throws StatusError leaseNotFound */
  async enter(name: Uint8Array, lease: LeaseId, value: Uint8Array): Promise<Candidacy> {
    const holder = lease === 0n ? await this.#grant() : lease;
    const key = concatBytes([name, SLASH, bytesOf(holder.toString(16))]);
    const first = { request_range: firstOf(name) };
    const answer = await this.#txn({
      compare: [createdAt(key, 0)],
      success: [{ request_put: { key, value, lease: leaseIdToLong(holder) } }, first],
      failure: [{ request_range: { key } }, first],
    });
    const revision = toNumber(answer.header?.revision ?? 0);
    const [own, firsts] = answer.responses;
    const found = own?.response_range?.kvs[0];
    const rev = answer.succeeded ? revision : toNumber(found?.create_revision ?? 0);
    const [leader] = firsts?.response_range?.kvs ?? [];
    return {
      name,
      key,
      lease: holder,
      rev,
      revision,
      isFirst: leader === undefined || toNumber(leader.create_revision) === rev,
      former: answer.succeeded ? undefined : found?.value,
    };
  }

  /**
   * Resolves when nobody is before this candidate and it is still there. It may have been entered at an
   * earlier instance of this member.
   * @param lost what to throw when its own key is gone: its lease has ended, or somebody deleted it
   */
  async becomeFirst(candidacy: Candidacy, call: Call, lost: () => StatusError): Promise<Candidacy> {
    const member = this.#member;
    let isLost = false;
    try {
      for (let isConfirmed = candidacy.isFirst; ;) {
        const { revision, exists, before } = this.#look(candidacy);
        if (revision < candidacy.rev) {
          // A member that has just been built again has not come to where it was.
          await member.linearizable();
        } else if (!exists) {
          isLost = true;
          throw lost();
        } else if (before !== undefined) {
          const keys = [before, byteString(candidacy.key)];
          await member.watch.keyWaits.wait(keys, (end) => call.onCancel(end));
          // The deletion was applied in this very turn.
          isConfirmed = member.leases.ledWhatIsApplied;
        } else if (isConfirmed) {
          return { ...candidacy, revision: Math.max(revision, candidacy.revision), isFirst: true };
        } else {
          // This member may be behind, and the lease have ended: what is answered must hold now.
          await member.linearizable();
          isConfirmed = true;
        }
      }
    } catch (error) {
      // A waiter that nobody waits for any more must not become the holder (rule K4). What is
      // Unavailable here goes on at another member.
      const goesOn = StatusError.from(error).code === Code.Unavailable;
      if (!isLost && !goesOn) await this.withdraw(candidacy);
      throw error;
    }
  }

  /** The candidate that is first. */
  async first(name: Uint8Array): Promise<{
    readonly kv: KeyValueInput | undefined;
    readonly revision: number;
  }> {
    await this.#member.linearizable();
    const { kvs, header } = this.#member.read((state) =>
      state.range(whole(RangeRequest, firstOf(name))),
    );
    return { kv: kvs?.[0], revision: toNumber(header?.revision ?? 0) };
  }

  /** Puts a value into a candidate's key; false: it is not the one that was created at `rev`. */
  async proclaim(
    key: Uint8Array,
    rev: Int64Input,
    lease: Int64Input,
    value: Uint8Array,
  ): Promise<{ readonly succeeded: boolean; readonly revision: number }> {
    const { succeeded, header } = await this.#txn({
      compare: [createdAt(key, rev)],
      success: [{ request_put: { key, value, lease } }],
    });
    return { succeeded, revision: toNumber(header?.revision ?? 0) };
  }

  /** Takes a candidate out, unless its key is another's by now. Returns the store's revision. */
  async withdraw({ key, rev }: { key: Uint8Array; rev: Int64Input }): Promise<number> {
    const { header } = await this.#txn({
      compare: [createdAt(key, rev)],
      success: [{ request_delete_range: { key } }],
    });
    return toNumber(header?.revision ?? 0);
  }

  /** What this member's state says: it may be behind, but what it misses is looked at when it comes. */
  #look({ name, key, rev }: Candidacy): {
    readonly revision: number;
    readonly exists: boolean;
    readonly before: string | undefined;
  } {
    return this.#member.read((state) => {
      const [own] = whole(RangeResponse, state.range(whole(RangeRequest, { key }))).kvs;
      const earlier = whole(RangeRequest, {
        ...under(name),
        max_create_revision: rev - 1,
        sort_order: SortOrder.DESCEND,
        sort_target: SortTarget.CREATE,
        limit: 1,
        keys_only: true,
      });
      const [before] = whole(RangeResponse, state.range(earlier)).kvs;
      return {
        revision: state.mvcc.revision,
        exists: own !== undefined && toNumber(own.create_revision) === rev,
        before: before && byteString(before.key),
      };
    });
  }

  async #grant(): Promise<LeaseId> {
    const ID = leaseIdToLong(this.#member.leases.drawId());
    const answer = await this.#member.propose({
      lease_grant: { ID, TTL: LOCK_LEASE_TTL_SECONDS },
    });
    return leaseIdOf(whole(LeaseGrantResponse, answer as LeaseGrantResponseInput).ID);
  }

  async #txn(txn: TxnRequestInput): Promise<TxnResponse> {
    return whole(TxnResponse, (await this.#member.propose({ txn })) as TxnResponseInput);
  }
}

/** What a candidacy that waits has to be gone on with. */
export function encodeCandidacy({ name, key, lease, rev, revision }: Candidacy): Uint8Array {
  const writer = new ByteWriter();
  writer.bytes(name);
  writer.bytes(key);
  writer.u64(BigInt.asUintN(64, lease));
  writer.varint(rev);
  writer.varint(revision);
  return writer.finish();
}

/** @throws DecodeError */
export function decodeCandidacy(state: Uint8Array): Candidacy {
  const reader = new ByteReader(state);
  return {
    name: reader.bytes(),
    key: reader.bytes(),
    lease: BigInt.asIntN(64, reader.u64()),
    rev: reader.varint(),
    revision: reader.varint(),
    isFirst: false,
    former: undefined,
  };
}

function under(name: Uint8Array): { readonly key: Uint8Array; readonly range_end: Uint8Array } {
  return { key: concatBytes([name, SLASH]), range_end: concatBytes([name, AFTER_SLASH]) };
}

function firstOf(name: Uint8Array): RangeRequestInput {
  return {
    ...under(name),
    sort_order: SortOrder.ASCEND,
    sort_target: SortTarget.CREATE,
    limit: 1,
  };
}

function createdAt(key: Uint8Array, rev: Int64Input): CompareInput {
  return {
    key,
    result: CompareResult.EQUAL,
    target: CompareTarget.CREATE,
    create_revision: rev,
  };
}

/** A message as it arrives: what was left out is there, and zero. */
function whole<T extends object, I>(type: MessageType<T, I>, message: I): T {
  return type.decode(type.encode(message).finish());
}

/** etcd's services pass errors on without their codes; what a caller may repeat stays Unavailable. */
export async function codeless<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const { code, message } = StatusError.from(error);
    const keeps = code === Code.Unavailable || code === Code.Canceled;
    throw keeps ? error : new StatusError(Code.Unknown, message, { cause: error });
  }
}
