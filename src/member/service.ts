import { Code, StatusError } from '../api/errors.ts';
import { fromNumber, idToLong, RangeRequest, type ResponseHeaderInput } from '../api/messages.ts';
import { methods } from '../api/schema.ts';
import { validateMessageBytes } from '../apply/validate.ts';
import { RESPONSE_BYTES_MAX } from '../constants.ts';
import { EMPTY_BYTES } from '../lib/bytes.ts';
import { Call } from './call.ts';
import { authService } from './auth-service.ts';
import { clusterService } from './cluster-service.ts';
import { type Consistency, parseConsistency } from '../api/consistency.ts';
import { kvService } from './kv-service.ts';
import { electionService } from './election-service.ts';
import { leaseService } from './lease-service.ts';
import { lockService } from './lock-service.ts';
import { alarmName, maintenanceService } from './maintenance-service.ts';
import type { Member } from './member.ts';
import {
  type Method,
  type ServiceTable,
  type Stamp,
  type UnaryMethod,
  type WaitingMethod,
} from './method-table.ts';
import { restoreService } from './restore-service.ts';
import type {
  CallOptions,
  CallResult,
  HealthQuery,
  HealthReport,
  MemberRpc,
  Served,
} from './rpc.ts';

/** Key of the read that a health check does; etcd's own choice. */
const HEALTH_KEY = Uint8Array.of(0);

/** Every RPC of one member, called by name; each transport ends here. */
export class MemberService implements MemberRpc {
  readonly #member: Member;
  readonly #methods: ServiceTable;
  /** Fills the member's part of a header; for transports that run methods themselves. */
  readonly stamp: Stamp;
  /** Calls under way whose callers may leave, by their ids. */
  readonly #calls = new Map<string, Call>();

  constructor(member: Member) {
    this.#member = member;
    this.#methods = {
      ...kvService(member),
      ...leaseService(member),
      ...lockService(member),
      ...electionService(member),
      ...authService(),
      ...clusterService(member),
      ...maintenanceService(member),
      ...restoreService(member),
    };
    const clusterId = idToLong(member.config.id);
    const memberId = idToLong(member.self.id);
    this.stamp = (header): ResponseHeaderInput => ({
      cluster_id: clusterId,
      member_id: memberId,
      revision: header?.revision ?? member.state.mvcc.revision,
      raft_term: fromNumber(member.term),
    });
  }

  /** @param callId names the call for `cancel` */
  async call(
    method: string,
    body: Uint8Array,
    options: CallOptions = {},
    callId?: string,
  ): Promise<CallResult> {
    const result = await this.#answer(async () => {
      const call = new Call(consistencyIn(options), options.near);
      if (callId !== undefined) this.#calls.set(callId, call);
      validateMessageBytes(body.length);
      const run = this.#runOf(method);
      return { body: refuseTooLarge(await run(body, this.stamp, call)) };
    });
    if (callId !== undefined) this.#calls.delete(callId);
    return result;
  }

  async begin(method: string, body: Uint8Array): Promise<CallResult> {
    const known = this.method(method);
    if (known.kind !== 'waiting') return this.call(method, body);
    return this.#answer(async () => {
      validateMessageBytes(body.length);
      const begun = await known.begin(body, this.stamp);
      return begun.body === undefined ? { body: EMPTY_BYTES, waits: true } : { body: begun.body };
    });
  }

  /** The caller of a call that may wait is gone. Unknown ids are passed over. */
  async cancel(callId: string): Promise<void> {
    this.#calls.get(callId)?.cancel();
  }

  async page(
    method: string,
    body: Uint8Array,
    cursor: Uint8Array | undefined,
    options: CallOptions = {},
  ): Promise<CallResult> {
    return this.#answer(async () => {
      const known = this.#method(method, 'paged');
      validateMessageBytes(body.length);
      const call = new Call(consistencyIn(options));
      const { body: page, next } = await known.run(body, cursor, this.stamp, call);
      return next === undefined ? { body: page } : { body: page, cursor: next };
    });
  }

  async health(query: HealthQuery): Promise<HealthReport> {
    const member = this.#member;
    return {
      leader: member.leaderName !== undefined,
      learner: member.state.membership.get(member.self.id)?.isLearner === true,
      alarms: [...new Set(member.state.alarms.all.map(({ type }) => alarmName(type)))],
      serializableRead: await failureOf(() => this.#read(true)),
      linearizableRead: query.linearizable ? await failureOf(() => this.#read(false)) : undefined,
    };
  }

  /** For transports that run methods themselves. @throws StatusError Unimplemented, as grpc-go puts it */
  method(name: string): Method {
    const method = Object.hasOwn(this.#methods, name) ? this.#methods[name] : undefined;
    if (method !== undefined) return method;
    const slash = name.lastIndexOf('/');
    const service = name.slice(0, Math.max(0, slash));
    const isKnown = methods.some((each) => each.service === service);
    throw new StatusError(
      Code.Unimplemented,
      isKnown
        ? `unknown method ${name.slice(slash + 1)} for service ${service}`
        : slash < 0
          ? `malformed method name: ${JSON.stringify(name)}`
          : `unknown service ${service}`,
    );
  }

  /** @throws StatusError Unimplemented */
  waiting(name: string): WaitingMethod {
    return this.#method(name, 'waiting');
  }

  /** What answers a call in one go, though it may have to wait. */
  #runOf(name: string): UnaryMethod {
    const known = this.method(name);
    if (known.kind !== 'waiting') return this.unary(name);
    return async (body, stamp, call) => {
      const begun = await known.begin(body, stamp);
      return begun.body ?? known.wait(begun.state, stamp, call);
    };
  }

  /** @throws StatusError Unimplemented */
  unary(name: string): UnaryMethod {
    return this.#method(name, 'unary').run;
  }

  async #read(serializable: boolean): Promise<void> {
    if (!serializable) await this.#member.linearizable();
    const request = RangeRequest.create({ key: HEALTH_KEY });
    this.#member.read((state) => state.range(request));
  }

  #method<K extends Method['kind']>(name: string, kind: K): Method & { kind: K } {
    const method = Object.hasOwn(this.#methods, name) ? this.#methods[name] : undefined;
    if (method?.kind !== kind) {
      throw new StatusError(Code.Unimplemented, `unknown method ${name}`);
    }
    return method as Method & { kind: K };
  }

  async #answer(
    run: () => Promise<Pick<CallResult, 'body' | 'cursor' | 'waits'>>,
  ): Promise<CallResult> {
    try {
      return { code: Code.OK, message: '', ...(await run()), served: this.#served() };
    } catch (error) {
      const { code, message } = StatusError.from(error);
      return { code, message, body: EMPTY_BYTES, served: this.#served() };
    }
  }

  #served(): Served {
    const { self, leaderName, state, seat, fresh } = this.#member;
    return {
      member: self.name,
      region: state.membership.get(self.id)?.region ?? self.region ?? '',
      leader: leaderName,
      revision: state.mvcc.revision,
      stalenessMs: fresh.stalenessMs,
      roster: seat.rosterMark,
    };
  }
}

function consistencyIn({ consistency }: CallOptions): Consistency | undefined {
  return consistency === undefined ? undefined : parseConsistency(consistency);
}

async function failureOf(run: () => Promise<void>): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return StatusError.from(error).message;
  }
}

/** @throws StatusError on an answer that would not fit a call between Worker and object */
function refuseTooLarge(answer: Uint8Array): Uint8Array {
  if (answer.length <= RESPONSE_BYTES_MAX) return answer;
  throw new StatusError(
    Code.ResourceExhausted,
    `edgetcd: the answer has ${answer.length} bytes, at most ${RESPONSE_BYTES_MAX} are sent at once: use limit, or RangeStream`,
  );
}
