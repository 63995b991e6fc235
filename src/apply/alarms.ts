import { StatusError } from '../api/errors.ts';
import {
  AlarmAction,
  AlarmType,
  idOf,
  idToLong,
  type AlarmMemberInput,
  type AlarmRequest,
} from '../api/messages.ts';
import type { NodeId } from '../raft/types.ts';

export interface Alarm {
  readonly memberId: NodeId;
  readonly type: AlarmType;
}

/** Alarms that members have raised; each stays until it is cleared by member and type (rule M9). */
export class Alarms {
  /** Sorted by member id, then type. */
  #active: readonly Alarm[] = [];

  get all(): readonly Alarm[] {
    return this.#active;
  }

  has(type: AlarmType): boolean {
    return this.#active.some((alarm) => alarm.type === type);
  }

  /**
   * Lists (action GET: of one type, or NONE for all, whoever raised them), raises or clears.
   * Returns the alarms concerned: none when there is nothing to clear, the old one when raised twice.
   * @throws StatusError unknownMethod for an action of a newer version
   */
  apply(request: AlarmRequest): readonly AlarmMemberInput[] {
    const alarm = { memberId: idOf(request.memberID), type: request.alarm };
    switch (request.action) {
      case AlarmAction.GET:
        return this.#active
          .filter(({ type }) => request.alarm === AlarmType.NONE || type === request.alarm)
          .map(alarmMessage);
      case AlarmAction.ACTIVATE:
        if (alarm.type === AlarmType.NONE) return [];
        this.restore([...this.#without(alarm), alarm]);
        return [alarmMessage(alarm)];
      case AlarmAction.DEACTIVATE: {
        const rest = this.#without(alarm);
        if (rest.length === this.#active.length) return [];
        this.#active = rest;
        return [alarmMessage(alarm)];
      }
      default:
        throw StatusError.of('unknownMethod');
    }
  }

  restore(alarms: readonly Alarm[]): void {
    this.#active = alarms.toSorted(
      (left, right) =>
        (left.memberId < right.memberId ? -1 : left.memberId > right.memberId ? 1 : 0) ||
        left.type - right.type,
    );
  }

  #without({ memberId, type }: Alarm): readonly Alarm[] {
    return this.#active.filter((alarm) => alarm.memberId !== memberId || alarm.type !== type);
  }
}

function alarmMessage({ memberId, type }: Alarm): AlarmMemberInput {
  return { memberID: idToLong(memberId), alarm: type };
}
