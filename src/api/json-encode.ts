/** Messages to JSON as etcd's gateway writes it: proto names, 64-bit integers as strings, zeros left out. */
import { encodeBase64 } from '../lib/base64.ts';
import { planOf, type FieldPlan, type MessagePlan, type ValuePlan } from './json-plan.ts';
import type { Int64Input, MessageType } from './wire.ts';

/**
 * `message` as JSON text, fields in the order of the .proto file. A field is left out when it is unset,
 * zero, false or empty, as the gateway does; messages and members of a oneof appear whenever they are set.
 */
export function encodeJson<I extends object>(type: MessageType<object, I>, message: I): string {
  return encodeMessage(planOf(type.typeName), message as Fields);
}

type Fields = Readonly<Record<string, unknown>>;

function encodeMessage(plan: MessagePlan, message: Fields): string {
  let text = '{';
  for (const field of plan.fields) {
    const value = message[field.name];
    if (value === undefined || value === null) continue;
    const written = field.repeated
      ? encodeList(field, value as readonly unknown[])
      : encodeField(field, value);
    if (written === '') continue;
    text += text.length === 1 ? field.label + written : ',' + field.label + written;
  }
  return text + '}';
}

/** Empty for a list without items. */
function encodeList(field: FieldPlan, values: readonly unknown[]): string {
  let text = '';
  for (const value of values) text += (text === '' ? '[' : ',') + encodeValue(field.value, value);
  return text === '' ? '' : text + ']';
}

/** Empty for a zero that is to be left out. */
function encodeField(field: FieldPlan, value: unknown): string {
  if (field.oneof === undefined && isZero(field.value, value)) return '';
  return encodeValue(field.value, value);
}

function isZero(plan: ValuePlan, value: unknown): boolean {
  switch (plan.kind) {
    case 'bytes':
      return (value as Uint8Array).length === 0;
    case 'string':
      return value === '';
    case 'bool':
      return value === false;
    case 'int64':
    case 'uint64':
      return isZeroInt64(value as Int64Input);
    case 'message':
      return false;
    default:
      return value === 0;
  }
}

function isZeroInt64(value: Int64Input): boolean {
  if (typeof value === 'object') return value.low === 0 && value.high === 0;
  return value === 0 || value === 0n;
}

function encodeValue(plan: ValuePlan, value: unknown): string {
  switch (plan.kind) {
    case 'bytes':
      return `"${encodeBase64(value as Uint8Array)}"`;
    case 'string':
      return JSON.stringify(value);
    case 'int64':
    case 'uint64':
      return `"${decimal(value as Int64Input)}"`;
    case 'enum': {
      const name = plan.values.names.get(value as number);
      return name === undefined ? String(value) : `"${name}"`;
    }
    case 'message':
      return encodeMessage(plan.plan, value as Fields);
    default:
      return String(value);
  }
}

/** Exact at any size. Nearly all are revisions and counts, which fit in 32 bits. */
function decimal(value: Int64Input): string {
  if (typeof value !== 'object') return value.toString();
  if (value.high === 0) return (value.low >>> 0).toString();
  return value.toString();
}
