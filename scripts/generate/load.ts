import { readdirSync } from 'node:fs';
import protobuf from 'protobufjs';

const FOLDER = 'src/api/proto';

export const HEADER = '// Made from src/api/proto by `npm run generate`: change it there.\n';

/** All messages, enums and services of the .proto files, in the order of declaration. */
export interface Protos {
  readonly messages: readonly protobuf.Type[];
  readonly enums: readonly protobuf.Enum[];
  readonly services: readonly protobuf.Service[];
}

/** Scalar types that our .proto files use; another one needs code in every generator first. */
export type Scalar = 'bool' | 'bytes' | 'int32' | 'int64' | 'string' | 'uint32' | 'uint64';
const SCALARS: readonly string[] = [
  'bool',
  'bytes',
  'int32',
  'int64',
  'string',
  'uint32',
  'uint64',
] satisfies Scalar[];

export type FieldKind =
  | { readonly kind: 'scalar'; readonly scalar: Scalar }
  | { readonly kind: 'enum'; readonly type: protobuf.Enum }
  | { readonly kind: 'message'; readonly type: protobuf.Type };

export function loadProtos(): Protos {
  const root = new protobuf.Root();
  // Our files import only each other and google's annotations, whose options are read without them.
  root.resolvePath = (_origin, target) =>
    target.startsWith('google/') ? null : `${FOLDER}/${target.split('/').at(-1) ?? target}`;
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.proto'));
  root.loadSync(files.sort(), { keepCase: true, alternateCommentMode: true });
  root.resolveAll();
  const protos = { messages: [], enums: [], services: [] };
  collect(root, protos);
  return protos;
}

function collect(
  namespace: protobuf.NamespaceBase,
  into: { messages: protobuf.Type[]; enums: protobuf.Enum[]; services: protobuf.Service[] },
): void {
  for (const item of namespace.nestedArray) {
    if (item instanceof protobuf.Type) into.messages.push(item);
    if (item instanceof protobuf.Enum) into.enums.push(item);
    if (item instanceof protobuf.Service) into.services.push(item);
    if (item instanceof protobuf.Namespace) collect(item, into);
  }
}

export function fieldKind(field: protobuf.Field): FieldKind {
  const type = field.resolvedType;
  if (type instanceof protobuf.Enum) return { kind: 'enum', type };
  if (type instanceof protobuf.Type) return { kind: 'message', type };
  if (!SCALARS.includes(field.type) || field.map) {
    throw new Error(`${field.fullName}: generators know no type ${field.type}`);
  }
  return { kind: 'scalar', scalar: field.type as Scalar };
}

/** Name with its package, without protobufjs's leading dot. */
export function fullName(item: protobuf.ReflectionObject): string {
  return item.fullName.slice(1);
}

/** Name of a message as our code imports it: without the package, nested ones behind their parent. */
export function className(type: protobuf.Type): string {
  return type.parent instanceof protobuf.Type
    ? `${className(type.parent)}_${type.name}`
    : type.name;
}

/** Name of an enum as our code imports it: its own, or the parent's before it when that says too little. */
export function enumName(type: protobuf.Enum): string {
  return type.name === 'Type' ? `${type.parent?.name ?? ''}Type` : type.name;
}

/** Comment of the .proto as the lines of a doc comment, with `indent` before each. */
export function docComment(comment: string | null, indent: string): string {
  if (comment === null || comment === '') return '';
  const lines = comment.split('\n');
  if (lines.length === 1) return `${indent}/** ${comment} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}\n`).join('')}${indent} */\n`;
}
