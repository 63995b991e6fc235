/** The schema of the API as data: messages, enums and methods by name. Made from src/api/proto. */
import { ENUM_VALUES, MESSAGE_FIELDS, METHODS } from './generated/schema.ts';

export type ScalarType = 'bool' | 'bytes' | 'int32' | 'int64' | 'string' | 'uint32' | 'uint64';

export type FieldType =
  | { readonly kind: 'scalar'; readonly scalar: ScalarType }
  | { readonly kind: 'enum'; readonly name: string }
  | { readonly kind: 'message'; readonly name: string };

export interface FieldSchema {
  /** As in the .proto file, which is also how messages and output JSON spell it. */
  readonly name: string;
  /** The lowerCamel name that protobuf's JSON reads as well. */
  readonly jsonName: string;
  readonly number: number;
  readonly type: FieldType;
  readonly repeated: boolean;
  /** The oneof that the field is a member of. */
  readonly oneof?: string;
}

export interface MessageSchema {
  /** Full name, such as `etcdserverpb.RangeRequest`. */
  readonly name: string;
  /** In the order of the .proto file, which is the order of output JSON. */
  readonly fields: readonly FieldSchema[];
}

export interface EnumSchema {
  /** Full name, such as `etcdserverpb.RangeRequest.SortOrder`. */
  readonly name: string;
  readonly numbers: ReadonlyMap<string, number>;
  readonly names: ReadonlyMap<number, string>;
}

export interface MethodSchema {
  /** Full name of the service, such as `etcdserverpb.KV`. */
  readonly service: string;
  readonly name: string;
  /** `service/name`: the path of a gRPC call without its first slash. */
  readonly path: string;
  /** Full names of messages. */
  readonly request: string;
  readonly response: string;
  readonly clientStreaming: boolean;
  readonly serverStreaming: boolean;
  /** Paths of etcd's JSON gateway, all POST; none for what is gRPC only. */
  readonly gatewayPaths: readonly string[];
}

/** Every method of every service. */
export const methods: readonly MethodSchema[] = METHODS.map(parseMethod);

const methodsByPath: ReadonlyMap<string, MethodSchema> = new Map(
  methods.map((method) => [method.path, method]),
);
const methodsByGatewayPath: ReadonlyMap<string, MethodSchema> = new Map(
  methods.flatMap((method) => method.gatewayPaths.map((path) => [path, method] as const)),
);

/** The method of a gRPC path such as `etcdserverpb.KV/Range`. */
export function methodByPath(path: string): MethodSchema | undefined {
  return methodsByPath.get(path);
}

/** The method of a gateway path such as `/v3/kv/range`. */
export function methodByGatewayPath(path: string): MethodSchema | undefined {
  return methodsByGatewayPath.get(path);
}

/** @throws RangeError for a name that the schema does not have */
export function messageSchema(name: string): MessageSchema {
  return cached(messages, name, (fields) => ({
    name,
    fields: itemsOf(fields).map(fieldOf),
  }));
}

/** @throws RangeError for a name that the schema does not have */
export function enumSchema(name: string): EnumSchema {
  return cached(enums, name, (values) => {
    const numbers = new Map(itemsOf(values).map(enumValueOf));
    return { name, numbers, names: new Map([...numbers].map(([key, number]) => [number, key])) };
  });
}

/** One table with its schemas as they have been asked for: most programs use few of them. */
interface Table<T> {
  readonly texts: Readonly<Record<string, string>>;
  readonly parsed: Map<string, T>;
}
const messages: Table<MessageSchema> = { texts: MESSAGE_FIELDS, parsed: new Map() };
const enums: Table<EnumSchema> = { texts: ENUM_VALUES, parsed: new Map() };

function cached<T>(table: Table<T>, name: string, parse: (text: string) => T): T {
  const known = table.parsed.get(name);
  if (known !== undefined) return known;
  const text = Object.hasOwn(table.texts, name) ? table.texts[name] : undefined;
  if (text === undefined) throw new RangeError(`look up "${name}": the schema has no such name`);
  const schema = parse(text);
  table.parsed.set(name, schema);
  return schema;
}

function itemsOf(text: string): string[] {
  return text === '' ? [] : text.split(' ');
}

/** A field as generated/schema.ts writes it: `name=number:type`, `*type` for a list, `type@oneof`. */
function fieldOf(text: string): FieldSchema {
  const match = /^(\w+)=(\d+):(\*?)([\w.]+)(?:@(\w+))?$/.exec(text);
  if (match === null) throw new RangeError(`parse schema: "${text}" is no field`);
  const [, name = '', number = '', list = '', typeName = '', oneof] = match;
  return {
    name,
    jsonName: name.replace(/_(.)/g, (_, next: string) => next.toUpperCase()),
    number: Number(number),
    type: fieldTypeOf(typeName),
    repeated: list !== '',
    ...(oneof === undefined ? {} : { oneof }),
  };
}

function fieldTypeOf(name: string): FieldType {
  if (!name.includes('.')) return { kind: 'scalar', scalar: name as ScalarType };
  return { kind: Object.hasOwn(ENUM_VALUES, name) ? 'enum' : 'message', name };
}

function enumValueOf(text: string): [string, number] {
  const [name = '', number = ''] = text.split('=');
  return [name, Number(number)];
}

/** A method as generated/schema.ts writes it: `service/method request response path...`. */
export function parseMethod(text: string): MethodSchema {
  const [path = '', request = '', response = '', ...gatewayPaths] = text.split(' ');
  const [service = '', name = ''] = path.split('/');
  return {
    service,
    name,
    path,
    request: request.replace('~', ''),
    response: response.replace('~', ''),
    clientStreaming: request.startsWith('~'),
    serverStreaming: response.startsWith('~'),
    gatewayPaths,
  };
}
