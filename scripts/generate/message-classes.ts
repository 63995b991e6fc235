/**
 * The message classes: one encode and one read function each, on protobufjs's Reader and Writer.
 *
 * pbjs's own static target makes 540 KB of source from our files (231 KB minified) for the same wire
 * format: it keeps unknown fields, and guards against hostile message objects on every property. Classes
 * whose constructor sets every field are a fifth of that, and faster, since all instances have one shape.
 */
import type protobuf from 'protobufjs';
import { className, enumName, fieldKind, fullName, HEADER, type Protos } from './load.ts';

const WIRE = { varint: 0, delimited: 2 };

export function messageClasses(protos: Protos): string {
  return [
    HEADER,
    "import { define, EMPTY, enter, INT64_ZERO, readPacked, skip, UINT64_ZERO, writeInt64, writeInt64Always, writePacked, Writer } from '../wire.ts';\n\n",
    ...protos.enums.map(enumObject),
    ...protos.messages.map(messageClass),
    '\nexport const messageTypes = {\n',
    ...protos.messages.map((type) => `  '${fullName(type)}': ${className(type)},\n`),
    '};\ndefine(messageTypes);\n',
  ].join('');
}

function enumObject(type: protobuf.Enum): string {
  return `export const ${enumName(type)} = ${JSON.stringify(type.values)};\n`;
}

function messageClass(type: protobuf.Type): string {
  const name = className(type);
  const fields = type.fieldsArray;
  return [
    `\nexport class ${name} {\n`,
    '  constructor() {\n',
    ...fields.map((field) => `    this.${field.name} = ${zero(field)};\n`),
    '  }\n',
    '  static encode(m, w = new Writer()) {\n',
    ...fields.map((field) => `    ${encodeField(field)}\n`),
    '    return w;\n  }\n',
    `  static read(r, outer, depth, m = new ${name}()) {\n`,
    '    while (r.pos < r.len) {\n      const tag = r.tag();\n      switch (tag) {\n',
    ...fields.map(readField),
    '        default: skip(r, tag);\n      }\n    }\n    r.len = outer;\n    return m;\n  }\n}\n',
  ].join('');
}

/** Value of an unset field. Members of a oneof and messages are null, so that zero can be told from unset. */
function zero(field: protobuf.Field): string {
  if (field.repeated) return '[]';
  const kind = fieldKind(field);
  if (field.partOf !== null || kind.kind === 'message') return 'null';
  if (kind.kind === 'enum') return '0';
  switch (kind.scalar) {
    case 'bytes':
      return 'EMPTY';
    case 'string':
      return "''";
    case 'bool':
      return 'false';
    case 'int64':
      return 'INT64_ZERO';
    case 'uint64':
      return 'UINT64_ZERO';
    default:
      return '0';
  }
}

function encodeField(field: protobuf.Field): string {
  const value = `m.${field.name}`;
  if (field.repeated) {
    if (isPacked(field)) {
      return `if (${value}) writePacked(w, ${tagOf(field, WIRE.delimited)}, ${value});`;
    }
    return `if (${value}) for (const v of ${value}) ${write(field, 'v')};`;
  }
  const kind = fieldKind(field);
  if (field.partOf !== null || kind.kind === 'message') {
    return `if (${value} != null) ${write(field, value)};`;
  }
  if (isInt64(field)) return `if (${value}) writeInt64(w, ${tagOf(field)}, ${value});`;
  const set = kind.kind === 'scalar' && kind.scalar === 'bytes' ? `${value}?.length` : value;
  return `if (${set}) ${write(field, value)};`;
}

/** Writes tag and value, whatever the value is. */
function write(field: protobuf.Field, value: string): string {
  const kind = fieldKind(field);
  const tag = tagOf(field);
  if (isInt64(field)) return `writeInt64Always(w, ${tag}, ${value})`;
  if (kind.kind === 'message') {
    return `${className(kind.type)}.encode(${value}, w.uint32(${tag}).fork()).ldelim()`;
  }
  return `w.uint32(${tag}).${method(field)}(${value})`;
}

function readField(field: protobuf.Field): string {
  const kind = fieldKind(field);
  const target = `m.${field.name}`;
  const others = (field.partOf?.fieldsArray ?? []).filter((other) => other !== field);
  const clear =
    others.length === 0 ? '' : `${others.map((o) => `m.${o.name}`).join(' = ')} = null; `;
  const depth = kind.kind === 'message' ? 'enter(r, depth), depth + 1' : '';
  let text: string;
  if (field.repeated) {
    const value =
      kind.kind === 'message'
        ? `${className(kind.type)}.read(r, ${depth})`
        : `r.${reader(field)}()`;
    text = `${target}.push(${value})`;
  } else if (kind.kind === 'message') {
    text = `${target} = ${className(kind.type)}.read(r, ${depth}, ${target} ?? undefined)`;
  } else {
    text = `${target} = r.${reader(field)}()`;
  }
  const packed = isPacked(field)
    ? `        case ${tagOf(field, WIRE.delimited)}: readPacked(r, ${target}); break;\n`
    : '';
  return `        case ${tagOf(field)}: ${clear}${text}; break;\n${packed}`;
}

/** Name of the Writer's method. */
function method(field: protobuf.Field): string {
  const kind = fieldKind(field);
  if (kind.kind === 'message') throw new Error(`${field.fullName} is no scalar`);
  return kind.kind === 'enum' ? 'int32' : kind.scalar;
}

/** Name of the Reader's method; etcd refuses strings that are not UTF-8, and so do we. */
function reader(field: protobuf.Field): string {
  const name = method(field);
  return name === 'string' ? 'stringVerify' : name;
}

/** Lists of numbers; only lists of enums occur. */
function isPacked(field: protobuf.Field): boolean {
  if (!field.repeated) return false;
  const kind = fieldKind(field);
  if (kind.kind === 'enum') return true;
  if (kind.kind === 'scalar' && kind.scalar !== 'bytes' && kind.scalar !== 'string') {
    throw new Error(`${field.fullName}: generators know no packed ${kind.scalar}`);
  }
  return false;
}

function isInt64(field: protobuf.Field): boolean {
  const kind = fieldKind(field);
  return kind.kind === 'scalar' && (kind.scalar === 'int64' || kind.scalar === 'uint64');
}

/** Field number and wire type as they stand before a value. */
function tagOf(field: protobuf.Field, wireType?: number): number {
  const kind = fieldKind(field);
  const delimited =
    kind.kind === 'message' ||
    (kind.kind === 'scalar' && (kind.scalar === 'bytes' || kind.scalar === 'string'));
  return field.id * 8 + (wireType ?? (delimited ? WIRE.delimited : WIRE.varint));
}
