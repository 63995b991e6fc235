/** What the JSON codec needs to know of each message, worked out once from the schema. */
import { messageTypes } from './generated/messages.js';
import { enumSchema, messageSchema, type EnumSchema, type ScalarType } from './schema.ts';
import type { MessageType } from './wire.ts';

/** How one value of a field is written and read. */
export type ValuePlan =
  | { readonly kind: ScalarType }
  /** `goName` stands in etcd's error texts: Go joins a nested enum to its message with `_`. */
  | { readonly kind: 'enum'; readonly values: EnumSchema; readonly goName: string }
  | { readonly kind: 'message'; readonly plan: MessagePlan };

export interface FieldPlan {
  readonly name: string;
  readonly jsonName: string;
  /** `"name":` as it stands in output. */
  readonly label: string;
  readonly value: ValuePlan;
  readonly repeated: boolean;
  /** Full name of the oneof; its members are written whenever they are set, zero or not. */
  readonly oneof: string | undefined;
}

export interface MessagePlan {
  readonly type: MessageType;
  readonly fields: readonly FieldPlan[];
  /** By both spellings. */
  readonly fieldsByName: ReadonlyMap<string, FieldPlan>;
}

const types: Readonly<Record<string, MessageType>> = messageTypes;
const plans = new Map<string, MessagePlan>();

export function planOf(typeName: string): MessagePlan {
  const known = plans.get(typeName);
  if (known !== undefined) return known;
  const schema = messageSchema(typeName);
  const type = types[typeName];
  if (type === undefined) throw new RangeError(`look up "${typeName}": there is no such class`);
  const fields: FieldPlan[] = [];
  const fieldsByName = new Map<string, FieldPlan>();
  const plan = { type, fields, fieldsByName };
  // Known before its fields are, since messages may hold themselves.
  plans.set(typeName, plan);
  for (const field of schema.fields) {
    const fieldPlan: FieldPlan = {
      name: field.name,
      jsonName: field.jsonName,
      label: `${JSON.stringify(field.name)}:`,
      value: valuePlanOf(field.type),
      repeated: field.repeated,
      oneof: field.oneof === undefined ? undefined : `${typeName}.${field.oneof}`,
    };
    fields.push(fieldPlan);
    fieldsByName.set(field.name, fieldPlan).set(field.jsonName, fieldPlan);
  }
  return plan;
}

function valuePlanOf(type: ReturnType<typeof messageSchema>['fields'][number]['type']): ValuePlan {
  switch (type.kind) {
    case 'scalar':
      return { kind: type.scalar };
    case 'enum':
      return { kind: 'enum', values: enumSchema(type.name), goName: goNameOf(type.name) };
    case 'message':
      return { kind: 'message', plan: planOf(type.name) };
  }
}

function goNameOf(enumName: string): string {
  const [packageName = '', ...path] = enumName.split('.');
  return `${packageName}.${path.join('_')}`;
}
