/**
 * A one-member edgetcd without network and consensus: the JSON codec, validation, apply and the page
 * store. Every so often it is restarted from its rows, or moved by a snapshot into fresh ones.
 */
import { StatusError } from '../../src/api/errors.ts';
import { decodeJson, encodeJson } from '../../src/api/json.ts';
import {
  CompactionRequest,
  CompactionResponse,
  DeleteRangeRequest,
  DeleteRangeResponse,
  InternalRequest,
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseRevokeRequest,
  LeaseRevokeResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  TxnRequest,
  TxnResponse,
  type InternalRequestInput,
  type MessageType,
  type ResponseHeaderInput,
} from '../../src/api/messages.ts';
import { httpStatusOf } from '../../src/api/errors.ts';
import { StateMachine } from '../../src/apply/state-machine.ts';
import { isReadOnlyTxn } from '../../src/apply/txn.ts';
import {
  validateDeleteRange,
  validateMessageBytes,
  validatePut,
  validateRange,
  validateRequestBytes,
  validateTxn,
} from '../../src/apply/validate.ts';
import type { RowStore } from '../../src/lib/row-store.ts';
import { openStateParts } from '../../src/member/open-state.ts';
import { EntryKind } from '../../src/raft/types.ts';
import { MemoryRowStore } from '../support/memory-row-store.ts';
import type { Answer, Operation, Target } from './operation.ts';

const IDS = { cluster_id: 1n, member_id: 2n, raft_term: 3n };
const TERM = 3;
/** As many bytes as a member's nonce has. */
const PROPOSER = new Uint8Array(8);
const CONF_STATE = {
  voters: ['0000000000000002'],
  learners: [],
  votersOutgoing: [],
  learnersNext: [],
  autoLeave: false,
};
const RESTART_OPS = 97;
const SNAPSHOT_OPS = 411;
/** Small, so that a snapshot has many. */
const PIECE_BYTES = 1000;

/** Nothing ends by time here. */
const CLOCK = { nowMs: () => 0 };

type Handler = (body: string) => string;

export class InProcessTarget implements Target {
  #rows: RowStore = new MemoryRowStore();
  #state: StateMachine;
  #calls = 0;
  readonly #handlers: Readonly<Record<string, Handler>>;
  #sequence = 0;

  constructor() {
    this.#state = StateMachine.open(this.#rows, openStateParts(this.#rows, CLOCK));
    const revoke = handler(LeaseRevokeRequest, LeaseRevokeResponse, (request) =>
      this.#propose({ lease_revoke: { ID: request.ID } }),
    );
    this.#handlers = {
      '/v3/kv/range': handler(RangeRequest, RangeResponse, (request) => {
        validateRange(request);
        return this.#state.range(request);
      }),
      '/v3/kv/put': handler(PutRequest, PutResponse, (put) => {
        validatePut(put);
        return this.#propose({ put });
      }),
      '/v3/kv/deleterange': handler(DeleteRangeRequest, DeleteRangeResponse, (delete_range) => {
        validateDeleteRange(delete_range);
        return this.#propose({ delete_range });
      }),
      '/v3/kv/txn': handler(TxnRequest, TxnResponse, (txn) => {
        validateTxn(txn);
        return isReadOnlyTxn(txn) ? this.#state.readOnlyTxn(txn) : this.#propose({ txn });
      }),
      '/v3/kv/compaction': handler(CompactionRequest, CompactionResponse, (compaction) =>
        this.#propose({ compaction }),
      ),
      '/v3/lease/grant': handler(LeaseGrantRequest, LeaseGrantResponse, (lease_grant) =>
        this.#propose({ lease_grant }),
      ),
      '/v3/lease/revoke': revoke,
      '/v3/kv/lease/revoke': revoke,
    };
  }

  call({ path, body }: Operation): Promise<Answer> {
    const handle = this.#handlers[path.replace('/v3beta/', '/v3/')];
    if (handle === undefined) throw new Error(`call ${path}: the in-process target lacks it`);
    this.#calls += 1;
    if (this.#calls % RESTART_OPS === 0) this.#restart();
    if (this.#calls % SNAPSHOT_OPS === 0) this.#move();
    if (this.#state.mvcc.hasWork) this.#state.mvcc.work();
    return Promise.resolve(answered(() => handle(body)));
  }

  #save(): void {
    this.#state.save(this.#rows, { ...this.#state.applied, confState: CONF_STATE });
  }

  #restart(): void {
    this.#save();
    this.#state = StateMachine.open(this.#rows, openStateParts(this.#rows, CLOCK));
  }

  /** Goes on as the member that received this one's snapshot. */
  #move(): void {
    this.#save();
    const rows = new MemoryRowStore();
    const receiver = StateMachine.open(rows, openStateParts(rows, CLOCK));
    const pages = this.#state.mvcc.exportPages();
    const received = receiver.mvcc.importPages();
    for (let at: number | undefined = 0; at !== undefined;) {
      const piece = pages.read(at, PIECE_BYTES);
      received.add(piece.pages);
      at = piece.next;
    }
    received.install(pages.revision, pages.compactRevision);
    receiver.installState(this.#state.exportState(CONF_STATE));
    pages.close();
    this.#rows = rows;
    this.#state = receiver;
    this.#save();
  }

  /** The way of a mutation: encoded, decoded, applied. */
  #propose(request: InternalRequestInput): object {
    const sequence = ++this.#sequence;
    const data = InternalRequest.encode({ ...request, proposer: PROPOSER, sequence }).finish();
    validateRequestBytes(data.length);
    const index = this.#state.applied.index + 1;
    const applied = this.#state.applyEntry({ index, term: TERM, kind: EntryKind.normal, data });
    if (applied?.outcome.response !== undefined) return applied.outcome.response;
    throw applied?.outcome.error ?? new Error(`propose at ${index}: nothing was applied`);
  }
}

function handler<Request extends object, RequestInput, ResponseInput extends object>(
  requestType: MessageType<Request, RequestInput>,
  responseType: MessageType<object, ResponseInput>,
  handle: (request: Request) => object,
): Handler {
  return (body) => {
    const request = decodeJson(requestType, body);
    validateMessageBytes(requestType.encode(request as unknown as RequestInput).finish().length);
    const response = handle(request) as { header?: ResponseHeaderInput };
    const withIds = { ...response, header: { ...response.header, ...IDS } };
    return encodeJson(responseType, withIds as unknown as ResponseInput);
  };
}

function answered(run: () => string): Answer {
  const contentType = 'application/json';
  try {
    return { status: 200, contentType, body: run() };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    const { code, message } = error;
    return {
      status: httpStatusOf(code),
      contentType,
      body: JSON.stringify({ error: message, message, code }),
    };
  }
}
