/** A member that answers what a test tells it to, and remembers what it was asked. */
import { Code } from '../../../src/api/errors.ts';
import { EMPTY_BYTES } from '../../../src/lib/bytes.ts';
import type { CallResult, HealthQuery, HealthReport } from '../../../src/member/rpc.ts';
import type { AnsweringMember, RoutedMember } from './surface.ts';

export const HEALTHY: HealthReport = {
  leader: true,
  learner: false,
  alarms: [],
  serializableRead: undefined,
  linearizableRead: undefined,
};

export class FakeMember implements AnsweringMember {
  readonly name: string;
  readonly calls: string[] = [];
  readonly healthQueries: HealthQuery[] = [];
  leader: string | undefined;
  code: Code = Code.OK;
  message = '';
  body: Uint8Array = EMPTY_BYTES;
  /** Thrown instead of an answer, as by an object that broke. */
  failure: Error | undefined;
  report: HealthReport = HEALTHY;
  opened = 0;

  constructor(name: string) {
    this.name = name;
  }

  get routed(): RoutedMember {
    return {
      name: this.name,
      open: () => {
        this.opened++;
        return this;
      },
      fetch: () => Promise.reject(new Error('not used')),
    };
  }

  call(method: string): Promise<CallResult> {
    this.calls.push(method);
    if (this.failure !== undefined) return Promise.reject(this.failure);
    const { code, message, body, name: member, leader } = this;
    return Promise.resolve({ code, message, body, served: { member, region: 'weur', leader } });
  }

  begin(method: string): Promise<CallResult> {
    return this.call(method);
  }

  page(method: string): Promise<CallResult> {
    return this.call(method);
  }

  health(query: HealthQuery): Promise<HealthReport> {
    this.healthQueries.push(query);
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return Promise.resolve(this.report);
  }
}
