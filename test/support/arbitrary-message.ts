/** Random messages of the API for fast-check, made from the schema: every field in any combination. */
import fc from 'fast-check';
import {
  enumSchema,
  messageSchema,
  type FieldSchema,
  type ScalarType,
} from '../../src/api/schema.ts';
import { longOf } from '../../src/api/messages.ts';

export type PlainMessage = Record<string, unknown>;

/** Messages in messages are left unset below this level. */
const LEVELS_MAX = 4;

/** A plain object that `encode` takes; int64 fields hold Longs, and of a oneof at most one member is set. */
export function arbitraryMessage(typeName: string, level = 0): fc.Arbitrary<PlainMessage> {
  const fields = messageSchema(typeName).fields.filter(
    (field) => field.type.kind !== 'message' || level < LEVELS_MAX,
  );
  const oneofs = Map.groupBy(fields, (field) => field.oneof);
  const plain = Object.fromEntries(
    (oneofs.get(undefined) ?? []).map((field) => [field.name, arbitraryField(field, level)]),
  );
  const members = [...oneofs]
    .filter(([oneof]) => oneof !== undefined)
    .map(([, group]) =>
      fc.oneof(
        fc.constant({}),
        ...group.map((field) =>
          arbitraryField(field, level).map((value) => ({ [field.name]: value })),
        ),
      ),
    );
  return fc
    .tuple(fc.record(plain, { requiredKeys: [] }), ...members)
    .map((parts) => Object.assign({}, ...parts) as PlainMessage);
}

function arbitraryField(field: FieldSchema, level: number): fc.Arbitrary<unknown> {
  const value = arbitraryValue(field, level);
  return field.repeated ? fc.array(value, { maxLength: 3 }) : value;
}

function arbitraryValue(field: FieldSchema, level: number): fc.Arbitrary<unknown> {
  switch (field.type.kind) {
    case 'message':
      return arbitraryMessage(field.type.name, level + 1);
    case 'enum': {
      const known = [...enumSchema(field.type.name).names.keys()];
      return fc.oneof(fc.constantFrom(...known), fc.integer());
    }
    case 'scalar':
      return SCALARS[field.type.scalar];
  }
}

const SCALARS: Readonly<Record<ScalarType, fc.Arbitrary<unknown>>> = {
  bool: fc.boolean(),
  bytes: fc.uint8Array({ maxLength: 200, size: 'max' }),
  string: fc.string({ unit: 'binary', maxLength: 30 }),
  int32: fc.integer(),
  uint32: fc.nat(2 ** 32 - 1),
  int64: fc
    .oneof(
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.bigInt({ min: -2n, max: 1000n }),
      fc.constantFrom(2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 31n, 2n ** 32n),
    )
    .map((value) => longOf(value)),
  uint64: fc
    .oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.constantFrom(0n, 2n ** 53n + 1n))
    .map((value) => longOf(value, true)),
};
