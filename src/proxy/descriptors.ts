/** The schema as google.protobuf.FileDescriptorProto, a file for each package: what server reflection hands out. */
import { ENUM_VALUES, MESSAGE_FIELDS } from '../api/generated/schema.ts';
import { Writer } from '../api/messages.ts';
import {
  enumSchema,
  type FieldSchema,
  messageSchema,
  methods,
  type MethodSchema,
  type ScalarType,
} from '../api/schema.ts';

export interface File {
  readonly name: string;
  /** Names of files. */
  readonly dependencies: readonly string[];
  readonly bytes: Uint8Array;
}

/** Between members only. */
const INTERNAL = 'edgetcd.internal';

/** FieldDescriptorProto.Type. */
const TYPE: Readonly<Record<ScalarType | 'message' | 'enum', number>> = {
  int64: 3,
  uint64: 4,
  int32: 5,
  bool: 8,
  string: 9,
  message: 11,
  bytes: 12,
  uint32: 13,
  enum: 14,
};
/** FieldDescriptorProto.Label. */
const OPTIONAL = 1;
const REPEATED = 3;

const MESSAGES = Object.keys(MESSAGE_FIELDS).filter((name) => packageOf(name) !== INTERNAL);
const ENUMS = Object.keys(ENUM_VALUES).filter((name) => packageOf(name) !== INTERNAL);

/** Of a message, enum, service or method: its package ends where capitals begin. */
export function packageOf(name: string): string {
  return /^(?:[a-z][\w]*\.)+/.exec(name)?.[0].slice(0, -1) ?? '';
}

/** Is there something of this name: a message, an enum, a service, or a method of one? */
export function isSymbol(name: string): boolean {
  return (
    MESSAGES.includes(name) ||
    ENUMS.includes(name) ||
    methods.some(({ service, name: method }) => name === service || name === `${service}.${method}`)
  );
}

export function fileNameOf(symbol: string): string {
  return `${packageOf(symbol).replaceAll('.', '/')}.proto`;
}

/** Undefined for a file that there is not. */
export function fileNamed(name: string): File | undefined {
  const isHere = (symbol: string): boolean => fileNameOf(symbol) === name;
  const messages = MESSAGES.filter(isHere);
  const [first] = messages;
  if (first === undefined) return undefined;
  const services = Map.groupBy(
    methods.filter(({ service }) => isHere(service)),
    ({ service }) => service,
  );
  const dependencies = dependenciesOf(messages, [...services.values()].flat()).filter(
    (other) => other !== name,
  );
  const file = Writer.create();
  text(file, 1, name);
  text(file, 2, packageOf(first));
  for (const dependency of dependencies) text(file, 3, dependency);
  for (const message of messages) if (isOutermost(message)) bytes(file, 4, messageType(message));
  for (const type of ENUMS) if (isHere(type) && isOutermost(type)) bytes(file, 5, enumType(type));
  for (const [service, calls] of services) bytes(file, 6, serviceType(service, calls));
  text(file, 12, 'proto3');
  return { name, dependencies, bytes: file.finish() };
}

function dependenciesOf(messages: readonly string[], calls: readonly MethodSchema[]): string[] {
  const types = messages.flatMap((message) =>
    messageSchema(message).fields.flatMap(({ type }) => (type.kind === 'scalar' ? [] : type.name)),
  );
  const named = [...types, ...calls.flatMap(({ request, response }) => [request, response])];
  return [...new Set(named.map(fileNameOf))].sort();
}

function isOutermost(name: string): boolean {
  return name.lastIndexOf('.') === packageOf(name).length;
}

function lastName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/** DescriptorProto. */
function messageType(name: string): Uint8Array {
  const { fields } = messageSchema(name);
  const oneofs = [...new Set(fields.flatMap(({ oneof }) => oneof ?? []))];
  const isInside = (other: string): boolean => other === `${name}.${lastName(other)}`;
  const type = Writer.create();
  text(type, 1, lastName(name));
  for (const field of fields) bytes(type, 2, fieldType(field, oneofs));
  for (const inner of MESSAGES) if (isInside(inner)) bytes(type, 3, messageType(inner));
  for (const inner of ENUMS) if (isInside(inner)) bytes(type, 4, enumType(inner));
  for (const oneof of oneofs) bytes(type, 8, text(Writer.create(), 1, oneof).finish());
  return type.finish();
}

function fieldType(
  { name, number, type, repeated, oneof, jsonName }: FieldSchema,
  oneofs: string[],
): Uint8Array {
  const field = Writer.create();
  text(field, 1, name);
  integer(field, 3, number);
  integer(field, 4, repeated ? REPEATED : OPTIONAL);
  integer(field, 5, TYPE[type.kind === 'scalar' ? type.scalar : type.kind]);
  if (type.kind !== 'scalar') text(field, 6, `.${type.name}`);
  if (oneof !== undefined) integer(field, 9, oneofs.indexOf(oneof));
  text(field, 10, jsonName);
  return field.finish();
}

/** EnumDescriptorProto. */
function enumType(name: string): Uint8Array {
  const type = text(Writer.create(), 1, lastName(name));
  for (const [value, number] of enumSchema(name).numbers) {
    bytes(type, 2, integer(text(Writer.create(), 1, value), 2, number).finish());
  }
  return type.finish();
}

/** ServiceDescriptorProto. */
function serviceType(name: string, calls: readonly MethodSchema[]): Uint8Array {
  const service = text(Writer.create(), 1, lastName(name));
  for (const { name: call, request, response, clientStreaming, serverStreaming } of calls) {
    const method = text(Writer.create(), 1, call);
    text(method, 2, `.${request}`);
    text(method, 3, `.${response}`);
    integer(method, 5, Number(clientStreaming));
    integer(method, 6, Number(serverStreaming));
    bytes(service, 2, method.finish());
  }
  return service.finish();
}

const VARINT = 0;
const LENGTH_DELIMITED = 2;

function text(writer: Writer, field: number, value: string): Writer {
  return writer.uint32((field << 3) | LENGTH_DELIMITED).string(value);
}

function bytes(writer: Writer, field: number, value: Uint8Array): Writer {
  return writer.uint32((field << 3) | LENGTH_DELIMITED).bytes(value);
}

function integer(writer: Writer, field: number, value: number): Writer {
  return writer.uint32((field << 3) | VARINT).int32(value);
}
