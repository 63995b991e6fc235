/** JSON to messages as etcd's gateway reads it. Errors have its texts: it is written in Go, and so are they. */
import { MESSAGE_DEPTH_MAX } from '../constants.ts';
import { Base64Error, decodeBase64 } from '../lib/base64.ts';
import { decodeUtf8 } from '../lib/utf8.ts';
import { Code, StatusError } from './errors.ts';
import { planOf, type FieldPlan, type MessagePlan, type ValuePlan } from './json-plan.ts';
import {
  JsonNumber,
  JsonParser,
  JsonSyntaxError,
  parseJson,
  type JsonObject,
  type JsonValue,
} from './json-text.ts';
import { Long, longOf, type MessageType } from './wire.ts';

/**
 * The message that `input` (UTF-8 bytes or text) begins with; what follows it is not looked at, as the
 * gateway does. Input of blanks alone is the empty message.
 *
 * Both spellings of a field are read; of the two in one object the lowerCamel one counts. Unknown fields
 * are passed over, null is unset, 64-bit integers may be numbers or strings, enums names or numbers.
 *
 * @throws StatusError InvalidArgument
 */
export function decodeJson<T extends object>(
  type: MessageType<T, never>,
  input: string | Uint8Array,
): T {
  const parser = new JsonParser(textOf(input));
  return orInvalidArgument(() => {
    if (parser.atEnd()) return new type();
    return messageOf(planOf(type.typeName), streamValue(parser), 0) as T;
  });
}

/** Bytes as text. @throws StatusError InvalidArgument when they are not UTF-8 */
export function textOf(input: string | Uint8Array): string {
  if (typeof input === 'string') return input;
  const text = decodeUtf8(input);
  if (text === undefined) {
    throw new StatusError(Code.InvalidArgument, 'invalid UTF-8 in JSON input');
  }
  return text;
}

/** One value out of a stream, where Go's decoder has another word for the end. */
function streamValue(parser: JsonParser): JsonValue {
  try {
    return parser.value();
  } catch (error) {
    if (error instanceof JsonSyntaxError && error.truncated) throw new BadJson('unexpected EOF');
    throw error;
  }
}

/** JSON that does not fit the message. */
class BadJson extends Error {}

function orInvalidArgument<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (
      error instanceof BadJson ||
      error instanceof JsonSyntaxError ||
      error instanceof Base64Error
    ) {
      throw new StatusError(Code.InvalidArgument, error.message);
    }
    throw error;
  }
}

function messageOf(plan: MessagePlan, value: JsonValue, depth: number): object {
  const message = new plan.type() as Record<string, unknown>;
  if (value === null) return message;
  if (!(value instanceof Map)) throw mismatch(value, 'map[string]json.RawMessage');
  if (depth > MESSAGE_DEPTH_MAX) {
    throw new BadJson(`messages nested deeper than ${MESSAGE_DEPTH_MAX} levels`);
  }
  for (const [name, fieldValue] of value) {
    const field = plan.fieldsByName.get(name);
    if (field === undefined || fieldValue === null) continue;
    if (name !== field.jsonName && value.has(field.jsonName)) continue;
    if (field.oneof !== undefined) refuseSecondMember(plan, field, message);
    message[field.name] = field.repeated
      ? listOf(field.value, fieldValue, depth)
      : valueOf(field.value, fieldValue, depth);
  }
  return message;
}

/** Which of two members etcd takes is left to chance: Go visits them in no fixed order. */
function refuseSecondMember(
  plan: MessagePlan,
  field: FieldPlan,
  message: Readonly<Record<string, unknown>>,
): void {
  for (const other of plan.fields) {
    if (other.oneof !== field.oneof || other === field || message[other.name] === null) continue;
    throw new BadJson(
      `oneof ${field.oneof ?? ''} is given twice: as ${other.name} and as ${field.name}`,
    );
  }
}

function listOf(plan: ValuePlan, value: JsonValue, depth: number): unknown[] {
  if (!Array.isArray(value)) throw mismatch(value, '[]json.RawMessage');
  return value.map((item) => (item === null ? zeroOf(plan) : valueOf(plan, item, depth)));
}

/** null in a list. */
function zeroOf(plan: ValuePlan): unknown {
  switch (plan.kind) {
    case 'message':
      return new plan.plan.type();
    case 'bytes':
      return new Uint8Array(0);
    case 'string':
      return '';
    case 'bool':
      return false;
    case 'int64':
      return Long.ZERO;
    case 'uint64':
      return Long.UZERO;
    default:
      return 0;
  }
}

function valueOf(plan: ValuePlan, value: JsonValue, depth: number): unknown {
  switch (plan.kind) {
    case 'message':
      return messageOf(plan.plan, value, depth + 1);
    case 'bytes':
      if (typeof value !== 'string') throw mismatch(value, '[]uint8');
      return decodeBase64(value);
    case 'string':
      if (typeof value !== 'string') throw mismatch(value, 'string');
      return value;
    case 'bool':
      if (typeof value !== 'boolean') throw mismatch(value, 'bool');
      return value;
    case 'int64':
    case 'uint64':
      return int64Of(value, plan.kind);
    case 'int32':
    case 'uint32':
      return int32Of(value, plan.kind);
    case 'enum':
      return enumOf(plan, value);
  }
}

/** Integers of up to this many digits are exact as doubles. */
const EXACT_DIGITS = 15;

function int64Of(given: JsonValue, type: 'int64' | 'uint64'): Long {
  const value = unquoted(given);
  const unsigned = type === 'uint64';
  if (value === null) return unsigned ? Long.UZERO : Long.ZERO;
  if (!(value instanceof JsonNumber)) throw mismatch(value, type);
  const { source } = value;
  if (!/^-?\d+$/.test(source) || (unsigned && source.startsWith('-'))) throw misfit(value, type);
  if (source.length <= EXACT_DIGITS) return Long.fromNumber(Number(source), unsigned);
  const exact = BigInt(source);
  const kept = unsigned ? BigInt.asUintN(64, exact) : BigInt.asIntN(64, exact);
  if (kept !== exact) throw misfit(value, type);
  return longOf(exact, unsigned);
}

function int32Of(given: JsonValue, type: 'int32' | 'uint32'): number {
  const value = unquoted(given);
  if (value === null) return 0;
  if (!(value instanceof JsonNumber)) throw mismatch(value, type);
  const number = Number(value.source);
  const kept = type === 'uint32' ? number >>> 0 : number | 0;
  if (!/^-?\d+$/.test(value.source) || kept !== number) throw misfit(value, type);
  return kept;
}

/** A string in place of a number is JSON once more, as the gateway takes it: "1", " 1", even "null". */
function unquoted(value: JsonValue): JsonValue {
  return typeof value === 'string' ? parseJson(value) : value;
}

function enumOf(plan: ValuePlan & { kind: 'enum' }, value: JsonValue): number {
  if (typeof value === 'string') {
    const number = plan.values.numbers.get(value);
    if (number === undefined) {
      throw new BadJson(`unknown value ${JSON.stringify(value)} for enum ${plan.goName}`);
    }
    return number;
  }
  if (!(value instanceof JsonNumber)) throw mismatch(value, plan.goName);
  const number = Number(value.source);
  if (!/^-?\d+$/.test(value.source) || (number | 0) !== number) throw misfit(value, plan.goName);
  return number | 0;
}

function mismatch(value: JsonValue, goType: string): BadJson {
  return new BadJson(`json: cannot unmarshal ${kindOf(value)} into Go value of type ${goType}`);
}

/** A number, but not one of this type. */
function misfit(value: JsonNumber, goType: string): BadJson {
  return new BadJson(
    `json: cannot unmarshal number ${value.source} into Go value of type ${goType}`,
  );
}

function kindOf(value: Exclude<JsonValue, null> | JsonObject | null): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  if (value instanceof JsonNumber) return 'number';
  return Array.isArray(value) ? 'array' : 'object';
}
