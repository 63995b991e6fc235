/** The schema as data, in short strings that src/api/schema.ts takes apart on first use. */
import type protobuf from 'protobufjs';
import { fieldKind, fullName, HEADER, type Protos } from './load.ts';

export function schemaTable(protos: Protos): string {
  return [
    HEADER,
    '\n/** Message: its fields as `name=number:type`, `*` before the type of a list, `@oneof` behind a member. */\n',
    'export const MESSAGE_FIELDS: Readonly<Record<string, string>> = {\n',
    ...protos.messages.map((type) => `  '${fullName(type)}': '${fieldsOf(type)}',\n`),
    '};\n\n/** Enum: its values as `NAME=number`. */\n',
    'export const ENUM_VALUES: Readonly<Record<string, string>> = {\n',
    ...protos.enums.map((type) => `  '${fullName(type)}': '${valuesOf(type)}',\n`),
    '};\n\n/** Methods as `service/method request response path...`; `~` before a message that is streamed. */\n',
    'export const METHODS: readonly string[] = [\n',
    ...protos.services.flatMap((service) =>
      service.methodsArray.map((method) => `  '${methodLine(service, method)}',\n`),
    ),
    '];\n',
  ].join('');
}

function fieldsOf(type: protobuf.Type): string {
  return type.fieldsArray
    .map((field) => {
      const kind = fieldKind(field);
      const typeName = kind.kind === 'scalar' ? kind.scalar : fullName(kind.type);
      const oneof = field.partOf === null ? '' : `@${field.partOf.name}`;
      return `${field.name}=${field.id}:${field.repeated ? '*' : ''}${typeName}${oneof}`;
    })
    .join(' ');
}

function valuesOf(type: protobuf.Enum): string {
  return Object.entries(type.values)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

/** A method as parseMethod of src/api/schema.ts reads it. */
export function methodLine(service: protobuf.Service, method: protobuf.Method): string {
  const { resolvedRequestType: request, resolvedResponseType: response } = method;
  if (request === null || response === null) throw new Error(`${method.fullName} is unresolved`);
  return [
    `${fullName(service)}/${method.name}`,
    (method.requestStream === true ? '~' : '') + fullName(request),
    (method.responseStream === true ? '~' : '') + fullName(response),
    ...gatewayPaths(method),
  ].join(' ');
}

interface HttpRule {
  readonly post: string;
  readonly additional_bindings?: HttpRule | readonly HttpRule[];
}

/** Paths of the method's google.api.http option; a method without one has none. */
function gatewayPaths(method: protobuf.Method): string[] {
  const options = (method.parsedOptions ?? []) as readonly Record<string, HttpRule>[];
  return options.flatMap((option) => {
    const rule = option['(google.api.http)'];
    if (rule === undefined) return [];
    return [rule.post, ...[rule.additional_bindings ?? []].flat().map((more) => more.post)];
  });
}
