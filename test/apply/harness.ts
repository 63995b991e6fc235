/** A state machine over the naive store, driven by short calls with keys and values as text. */
import type { StatusError } from '../../src/api/errors.ts';
import {
  InternalRequest,
  RangeRequest,
  TxnRequest,
  type AlarmResponseInput,
  type DeleteRangeRequestInput,
  type DeleteRangeResponseInput,
  type InternalRequestInput,
  type KeyValueInput,
  type LeaseGrantResponseInput,
  type MessageType,
  type PutRequestInput,
  type PutResponseInput,
  type RangeRequestInput,
  type RangeResponseInput,
  type TxnRequestInput,
  type TxnResponseInput,
} from '../../src/api/messages.ts';
import { StateMachine, type Outcome } from '../../src/apply/state-machine.ts';
import { byteString, bytesOf } from '../../src/lib/bytes.ts';
import type { RowStore } from '../../src/lib/row-store.ts';
import { NaiveStore } from '../mvcc/naive-store.ts';
import { MemoryRowStore } from '../support/memory-row-store.ts';
import { NaiveLeaseBook } from './naive-lease-book.ts';

export const TERM = 2;

/** A message as it comes off the wire, every field set. */
export function decoded<T extends object, I>(type: MessageType<T, I>, input: I): T {
  return type.decode(type.encode(input).finish());
}

type Text<T> = Omit<T, 'key' | 'range_end' | 'value'>;

export function range(
  key: string,
  end = '',
  more: Text<RangeRequestInput> = {},
): RangeRequestInput {
  return { key: bytesOf(key), range_end: bytesOf(end), ...more };
}

export function put(key: string, value = '', more: Text<PutRequestInput> = {}): PutRequestInput {
  return { key: bytesOf(key), value: bytesOf(value), ...more };
}

export function remove(
  key: string,
  end = '',
  more: Text<DeleteRangeRequestInput> = {},
): DeleteRangeRequestInput {
  return { key: bytesOf(key), range_end: bytesOf(end), ...more };
}

/** Fields of whichever response it is. */
type AnyResponse = PutResponseInput &
  DeleteRangeResponseInput &
  TxnResponseInput &
  LeaseGrantResponseInput &
  AlarmResponseInput;

export class Harness {
  readonly rows: RowStore;
  readonly mvcc: NaiveStore;
  readonly leases: NaiveLeaseBook;
  readonly state: StateMachine;

  constructor(rows: RowStore = new MemoryRowStore(), mvcc = new NaiveStore()) {
    this.rows = rows;
    this.mvcc = mvcc;
    this.leases = new NaiveLeaseBook(rows);
    this.state = StateMachine.open(rows, { mvcc, leases: this.leases });
  }

  /** Applies a mutation as the next entry. */
  apply(request: InternalRequestInput, term = TERM): Outcome {
    const index = this.state.applied.index + 1;
    return this.state.apply(decoded(InternalRequest, request), { index, term });
  }

  /** The response of a mutation that succeeds. */
  done(request: InternalRequestInput): AnyResponse {
    const outcome = this.apply(request);
    if (outcome.error !== undefined) throw outcome.error;
    return outcome.response;
  }

  /** The error of a mutation that fails, having changed nothing. */
  failed(request: InternalRequestInput): StatusError {
    const { revision, compactRevision } = this.mvcc;
    const outcome = this.apply(request);
    if (outcome.error === undefined) throw new Error('the mutation was expected to fail');
    if (this.mvcc.revision !== revision || this.mvcc.compactRevision !== compactRevision) {
      throw new Error('a failed mutation changed the store');
    }
    return outcome.error;
  }

  put(...args: Parameters<typeof put>): PutResponseInput {
    return this.done({ put: put(...args) });
  }

  delete(...args: Parameters<typeof remove>): DeleteRangeResponseInput {
    return this.done({ delete_range: remove(...args) });
  }

  txn(txn: TxnRequestInput): TxnResponseInput {
    return this.done({ txn });
  }

  readOnlyTxn(txn: TxnRequestInput): TxnResponseInput {
    return this.state.readOnlyTxn(decoded(TxnRequest, txn));
  }

  range(...args: Parameters<typeof range>): RangeResponseInput {
    return this.state.range(decoded(RangeRequest, range(...args)));
  }

  /** Keys of a range, joined. */
  keys(...args: Parameters<typeof range>): string {
    return keysOf(this.range(...args).kvs);
  }

  get(key: string): KeyValueInput | undefined {
    return this.range(key).kvs?.[0];
  }
}

export function keysOf(kvs: readonly KeyValueInput[] | null | undefined): string {
  return (kvs ?? []).map(({ key }) => byteString(key ?? new Uint8Array(0))).join(' ');
}

/** A pair in short: key=value, create/mod revision, version, lease. */
export function shown(kv: KeyValueInput | null | undefined): string | undefined {
  if (kv === null || kv === undefined) return undefined;
  const empty = new Uint8Array(0);
  const [key, value] = [byteString(kv.key ?? empty), byteString(kv.value ?? empty)];
  const numbers = [kv.create_revision, kv.mod_revision, kv.version, kv.lease].map(String);
  return `${key}=${value} ${numbers.join('/')}`;
}
