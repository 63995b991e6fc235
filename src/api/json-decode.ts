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
  const text = textOf(input);
  const plan = planOf(type.typeName);
  return (decodeFast(plan, text) ?? orInvalidArgument(() => decodeExact(plan, text))) as T;
}

/**
 * The engine's parser is several times as fast as ours. Undefined when it cannot tell: what is wrong, what
 * follows the first value, or which integer a number beyond 2^53 was.
 */
function decodeFast(plan: MessagePlan, text: string): object | undefined {
  try {
    return messageOf(plan, JSON.parse(text) as JsonValue, 0);
  } catch {
    return undefined;
  }
}

function decodeExact(plan: MessagePlan, text: string): object {
  const parser = new JsonParser(text);
  return parser.atEnd() ? new plan.type() : messageOf(plan, streamValue(parser), 0);
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
  if (!isObject(value)) throw mismatch(value, 'map[string]json.RawMessage');
  if (depth > MESSAGE_DEPTH_MAX) {
    throw new BadJson(`messages nested deeper than ${MESSAGE_DEPTH_MAX} levels`);
  }
  for (const name of Object.keys(value)) {
    const field = plan.fieldsByName.get(name);
    const given = value[name];
    if (field === undefined || given === undefined || given === null) continue;
    if (name !== field.jsonName && Object.hasOwn(value, field.jsonName)) continue;
    if (field.oneof !== undefined) refuseSecondMember(plan, field, message);
    message[field.name] = field.repeated
      ? listOf(field.value, given, depth)
      : valueOf(field.value, given, depth);
  }
  return message;
}

function isObject(value: JsonValue): value is JsonObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof JsonNumber)
  );
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
      return value.toWellFormed();
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

/** Integers of up to 15 digits are exact as doubles. */
const EXACT_INTEGER = /^-?(0|[1-9]\d{0,14})$/;

function int64Of(given: JsonValue, type: 'int64' | 'uint64'): Long {
  const unsigned = type === 'uint64';
  const number = integerOf(given, type);
  if (typeof number === 'bigint') {
    const kept = unsigned ? BigInt.asUintN(64, number) : BigInt.asIntN(64, number);
    if (kept !== number) throw misfit(number.toString(), type);
    return longOf(number, unsigned);
  }
  if (unsigned && number < 0) throw misfit(number.toString(), type);
  if (number === 0) return unsigned ? Long.UZERO : Long.ZERO;
  return Long.fromNumber(number, unsigned);
}

function int32Of(given: JsonValue, type: 'int32' | 'uint32'): number {
  const number = integerOf(given, type);
  const kept = type === 'uint32' ? Number(number) >>> 0 : Number(number) | 0;
  if (kept !== Number(number)) throw misfit(number.toString(), type);
  return kept;
}

function enumOf(plan: ValuePlan & { kind: 'enum' }, value: JsonValue): number {
  if (typeof value === 'string') {
    const named = plan.values.numbers.get(value);
    if (named !== undefined) return named;
    throw new BadJson(`unknown value ${JSON.stringify(value)} for enum ${plan.goName}`);
  }
  const number = integerOf(value, plan.goName);
  const kept = Number(number) | 0;
  if (kept !== Number(number)) throw misfit(number.toString(), plan.goName);
  return kept;
}

/** A bigint when it may be beyond the safe integers. 1.0 and 1e3 are integers too, 1.5 is none. */
function integerOf(given: JsonValue, goType: string): number | bigint {
  if (typeof given === 'string' && EXACT_INTEGER.test(given)) return Number(given);
  // A string in place of a number is JSON once more, as the gateway takes it: " 1", even "null".
  const value = typeof given === 'string' ? parseJson(given) : given;
  if (value === null) return 0;
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return value;
    throw misfit(value.toString(), goType);
  }
  if (!(value instanceof JsonNumber)) throw mismatch(value, goType);
  const number = Number(value.source);
  if (Number.isSafeInteger(number)) return number;
  if (/^-?\d+$/.test(value.source)) return BigInt(value.source);
  throw misfit(value.source, goType);
}

function mismatch(value: JsonValue, goType: string): BadJson {
  return new BadJson(`json: cannot unmarshal ${kindOf(value)} into Go value of type ${goType}`);
}

/** A number, but not one of this type. */
function misfit(source: string, goType: string): BadJson {
  return new BadJson(`json: cannot unmarshal number ${source} into Go value of type ${goType}`);
}

function kindOf(value: JsonValue): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'number' || value instanceof JsonNumber) return 'number';
  return Array.isArray(value) ? 'array' : 'object';
}
