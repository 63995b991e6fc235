/** Requests as JSON in every spelling that etcd's gateway reads, chosen at random. */
import type { Prng } from '../../src/lib/prng.ts';

/** An enum value: by name or by number. */
export class EnumValue {
  readonly name: string;
  readonly number: number;

  constructor(name: string, number: number) {
    this.name = name;
    this.number = number;
  }
}

/** Text that goes into the JSON as it is. */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** bigint is a 64-bit integer, bytes are base64. Keys are fields as the .proto file spells them. */
export type Value =
  | Uint8Array
  | bigint
  | boolean
  | string
  | EnumValue
  | RawJson
  | readonly Value[]
  | { readonly [field: string]: Value };

const UNKNOWN_FIELD_PROBABILITY = 0.01;
const NULL_FIELD_PROBABILITY = 0.01;

export class JsonWriter {
  readonly #random: Prng;

  constructor(random: Prng) {
    this.#random = random;
  }

  write(value: Value): string {
    if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('base64'));
    if (typeof value === 'bigint') {
      return this.#random.bool() ? `"${value}"` : String(value);
    }
    if (value instanceof EnumValue) {
      return this.#random.bool() ? JSON.stringify(value.name) : String(value.number);
    }
    if (value instanceof RawJson) return value.text;
    if (Array.isArray(value)) {
      return `[${(value as readonly Value[]).map((item) => this.write(item)).join(',')}]`;
    }
    if (typeof value === 'object')
      return this.#object(value as { readonly [field: string]: Value });
    return JSON.stringify(value);
  }

  #object(fields: { readonly [field: string]: Value }): string {
    const members = Object.entries(fields).map(
      ([field, value]) => `${JSON.stringify(this.#spell(field))}:${this.write(value)}`,
    );
    if (this.#random.bool(UNKNOWN_FIELD_PROBABILITY)) members.push('"of_the_future":{"a":[1]}');
    if (this.#random.bool(NULL_FIELD_PROBABILITY) && !('key' in fields)) members.push('"key":null');
    return `{${this.#random.shuffle(members).join(this.#random.bool(0.1) ? ' ,\n' : ',')}}`;
  }

  /** snake_case as published, or the lowerCamel that protobuf's JSON mapping reads as well. */
  #spell(field: string): string {
    if (this.#random.bool()) return field;
    return field.replace(/_(.)/g, (_, next: string) => next.toUpperCase());
  }
}
