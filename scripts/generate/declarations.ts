/** The types of the message classes: what decoding gives, and the looser shape that encoding takes. */
import type protobuf from 'protobufjs';
import {
  className,
  docComment,
  enumName,
  fieldKind,
  fullName,
  HEADER,
  type Protos,
  type Scalar,
} from './load.ts';

const DECODED: Readonly<Record<Scalar, string>> = {
  bool: 'boolean',
  bytes: 'Uint8Array',
  int32: 'number',
  int64: 'Long',
  string: 'string',
  uint32: 'number',
  uint64: 'Long',
};

export function declarations(protos: Protos): string {
  return [
    HEADER,
    "import type Long from 'long';\n",
    "import type { Int64Input, MessageType } from '../wire.ts';\n",
    ...protos.enums.map(enumDeclaration),
    ...protos.messages.map(messageDeclaration),
    '\n/** Every message class under its full protobuf name. */\nexport declare const messageTypes: {\n',
    ...protos.messages.map(
      (type) => `  readonly '${fullName(type)}': typeof ${className(type)};\n`,
    ),
    '};\n',
  ].join('');
}

function enumDeclaration(type: protobuf.Enum): string {
  const name = enumName(type);
  const values = Object.entries(type.values).map(([key, value]) => `readonly ${key}: ${value}`);
  return [
    `\n${docComment(type.comment, '')}export declare const ${name}: { ${values.join('; ')} };\n`,
    `/** Any number: newer peers may send values that this version does not know. */\n`,
    `export type ${name} = number;\n`,
  ].join('');
}

function messageDeclaration(type: protobuf.Type): string {
  const name = className(type);
  return [
    `\n${docComment(type.comment, '')}export interface ${name} {\n`,
    ...type.fieldsArray.map(
      (field) => `${docComment(field.comment, '  ')}  ${field.name}: ${decoded(field)};\n`,
    ),
    '}\n',
    `/** ${name} as encoding takes it: what is left out is zero. */\n`,
    `export interface ${name}Input {\n`,
    ...type.fieldsArray.map(
      (field) => `  readonly ${field.name}?: ${input(field)} | null | undefined;\n`,
    ),
    '}\n',
    `export declare const ${name}: MessageType<${name}, ${name}Input>;\n`,
  ].join('');
}

function decoded(field: protobuf.Field): string {
  const kind = fieldKind(field);
  const single = kind.kind === 'message' ? className(kind.type) : plain(field);
  if (field.repeated) return `${single}[]`;
  return kind.kind === 'message' || field.partOf !== null ? `${single} | null` : single;
}

function input(field: protobuf.Field): string {
  const kind = fieldKind(field);
  let single = kind.kind === 'message' ? `${className(kind.type)}Input` : plain(field);
  if (single === 'Long') single = 'Int64Input';
  return field.repeated ? `readonly ${single}[]` : single;
}

function plain(field: protobuf.Field): string {
  const kind = fieldKind(field);
  if (kind.kind === 'message') throw new Error(`${field.fullName} is no scalar`);
  return kind.kind === 'enum' ? enumName(kind.type) : DECODED[kind.scalar];
}
