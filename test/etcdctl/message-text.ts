import { Long, type MessageType } from '../../src/api/messages.ts';

/** What etcdctl printed as protobuf, field by field. @throws when it is no such message */
export function messageToText(type: MessageType<object, never>, latin1: string): string {
  const message = type.decode(Uint8Array.from(Buffer.from(latin1, 'latin1')));
  return JSON.stringify(message, (name, value: unknown) => {
    if (name === 'raft_term') return '<term>';
    if (value instanceof Uint8Array) return Buffer.from(value).toString();
    if (Long.isLong(value)) return value.toString();
    return value;
  });
}
