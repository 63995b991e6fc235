/**
 * JSON text to values where JSON.parse will not do: it keeps numbers as they are written (64-bit integers
 * do not survive a double), reads one value after another, and words errors as Go's decoder does, which
 * etcd's clients and operators know.
 */
import { JSON_DEPTH_MAX } from '../constants.ts';

/** A plain number comes from JSON.parse, a JsonNumber from here. */
export type JsonValue = null | boolean | number | string | JsonNumber | JsonValue[] | JsonObject;
/** Without a prototype, or made by JSON.parse: ask for its own properties only. */
export interface JsonObject {
  [name: string]: JsonValue;
}

export class JsonNumber {
  /** The number's characters, such as `-1.5e3`. */
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

/** The text is not JSON. */
export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError';
  /** Where reading stopped, in UTF-16 units. */
  readonly offset: number;
  /** The text may be the beginning of a longer one that is JSON. */
  readonly truncated: boolean;

  constructor(message: string, offset: number, truncated = false) {
    super(message);
    this.offset = offset;
    this.truncated = truncated;
  }
}

/** The value that is all of `text`, blanks aside. @throws JsonSyntaxError */
export function parseJson(text: string): JsonValue {
  const parser = new JsonParser(text);
  const value = parser.value();
  if (!parser.atEnd()) throw parser.unexpected('after top-level value');
  return value;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BLANK = 0x20;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** Reads one value after another from a text. */
export class JsonParser {
  readonly #text: string;
  /** Next character. Invariant: 0 <= offset <= length of the text. */
  offset: number;
  #depth = 0;

  constructor(text: string, offset = 0) {
    this.#text = text;
    this.offset = offset;
  }

  /** Passes over blanks; true when nothing follows. */
  atEnd(): boolean {
    this.#skipBlanks();
    return this.offset >= this.#text.length;
  }

  /** @throws JsonSyntaxError */
  value(): JsonValue {
    this.#skipBlanks();
    switch (this.#text[this.offset]) {
      case '{':
        return this.#nested(() => this.#object());
      case '[':
        return this.#nested(() => this.#array());
      case '"':
        return this.#string();
      case 't':
        return this.#literal('true', true);
      case 'f':
        return this.#literal('false', false);
      case 'n':
        return this.#literal('null', null);
      default:
        return this.#number();
    }
  }

  /** The error for the character at hand, or for the end of the text. */
  unexpected(context: string): JsonSyntaxError {
    if (this.offset >= this.#text.length) {
      return new JsonSyntaxError('unexpected end of JSON input', this.offset, true);
    }
    const point = this.#text.codePointAt(this.offset) ?? 0;
    return new JsonSyntaxError(`invalid character ${quoted(point)} ${context}`, this.offset);
  }

  #nested<T>(read: () => T): T {
    if (this.#depth >= JSON_DEPTH_MAX) throw this.unexpected('exceeded max depth');
    this.#depth++;
    this.offset++;
    const value = read();
    this.#depth--;
    return value;
  }

  #object(): JsonObject {
    const object = Object.create(null) as JsonObject;
    if (this.#takeIf('}')) return object;
    for (;;) {
      this.#skipBlanks();
      if (this.#text.charCodeAt(this.offset) !== QUOTE) {
        throw this.unexpected('looking for beginning of object key string');
      }
      const name = this.#string();
      if (!this.#takeIf(':')) throw this.unexpected('after object key');
      object[name] = this.value();
      if (this.#takeIf('}')) return object;
      if (!this.#takeIf(',')) throw this.unexpected('after object key:value pair');
    }
  }

  #array(): JsonValue[] {
    const array: JsonValue[] = [];
    if (this.#takeIf(']')) return array;
    for (;;) {
      array.push(this.value());
      if (this.#takeIf(']')) return array;
      if (!this.#takeIf(',')) throw this.unexpected('after array element');
    }
  }

  #string(): string {
    const text = this.#text;
    const start = this.offset + 1;
    let at = start;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === QUOTE) break;
      // Past the end the code is NaN, which is not >= either.
      if (code === BACKSLASH || !(code >= BLANK)) return this.#stringWithEscapes(start, at);
      at++;
    }
    this.offset = at + 1;
    return text.slice(start, at);
  }

  /** The rest of a string from its first escape on, or the error it ends in. */
  #stringWithEscapes(start: number, firstEscape: number): string {
    const text = this.#text;
    let string = text.slice(start, firstEscape);
    let at = firstEscape;
    for (;;) {
      const from = at;
      let code = text.charCodeAt(at);
      while (code !== QUOTE && code !== BACKSLASH && code >= BLANK) code = text.charCodeAt(++at);
      string += text.slice(from, at);
      this.offset = at;
      if (code === QUOTE) break;
      if (code !== BACKSLASH) throw this.unexpected('in string literal');
      this.offset++;
      string += this.#escape();
      at = this.offset;
    }
    this.offset++;
    return string.toWellFormed();
  }

  #escape(): string {
    const letter = this.#text[this.offset] ?? '';
    const character = ESCAPES[letter];
    if (character !== undefined) {
      this.offset++;
      return character;
    }
    if (letter !== 'u') throw this.unexpected('in string escape code');
    this.offset++;
    const start = this.offset;
    while (this.offset < start + 4) {
      if (!/^[0-9a-fA-F]$/.test(this.#text[this.offset] ?? '')) {
        throw this.unexpected('in \\u hexadecimal character escape');
      }
      this.offset++;
    }
    return String.fromCharCode(parseInt(this.#text.slice(start, this.offset), 16));
  }

  #number(): JsonNumber {
    const start = this.offset;
    const negative = this.#text[this.offset] === '-';
    if (negative) this.offset++;
    if (this.#text[this.offset] === '0') this.offset++;
    else if (!this.#digits()) {
      throw this.unexpected(negative ? 'in numeric literal' : 'looking for beginning of value');
    }
    if (this.#text[this.offset] === '.') {
      this.offset++;
      if (!this.#digits()) throw this.unexpected('after decimal point in numeric literal');
    }
    if (this.#text[this.offset] === 'e' || this.#text[this.offset] === 'E') {
      this.offset++;
      const sign = this.#text[this.offset];
      if (sign === '+' || sign === '-') this.offset++;
      if (!this.#digits()) throw this.unexpected('in exponent of numeric literal');
    }
    return new JsonNumber(this.#text.slice(start, this.offset));
  }

  /** Passes over digits; false when there is none. */
  #digits(): boolean {
    const start = this.offset;
    let code = this.#text.charCodeAt(this.offset);
    while (code >= DIGIT_0 && code <= DIGIT_9) code = this.#text.charCodeAt(++this.offset);
    return this.offset > start;
  }

  #literal<T>(word: string, value: T): T {
    for (const letter of word) {
      if (this.#text[this.offset] !== letter) {
        throw this.unexpected(`in literal ${word} (expecting '${letter}')`);
      }
      this.offset++;
    }
    return value;
  }

  /** Passes over blanks, and over `character` if it follows. */
  #takeIf(character: string): boolean {
    this.#skipBlanks();
    if (this.#text[this.offset] !== character) return false;
    this.offset++;
    return true;
  }

  #skipBlanks(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.offset);
      if (code !== BLANK && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.offset++;
    }
  }
}

/** A character as Go's decoder shows it: it looks at bytes, so beyond ASCII it shows the first of them. */
function quoted(point: number): string {
  if (point === 0x27) return "'\\''";
  if (point === QUOTE) return `'"'`;
  if (point === BACKSLASH) return `'\\\\'`;
  if (point >= BLANK && point < 0x7f) return `'${String.fromCharCode(point)}'`;
  const name = CONTROL_NAMES[point];
  if (name !== undefined) return `'\\${name}'`;
  if (point < 0x80) return `'\\x${point.toString(16).padStart(2, '0')}'`;
  return `'${String.fromCharCode(firstUtf8Byte(point))}'`;
}

const CONTROL_NAMES: Readonly<Record<number, string>> = {
  0x07: 'a',
  0x08: 'b',
  0x09: 't',
  0x0a: 'n',
  0x0b: 'v',
  0x0c: 'f',
  0x0d: 'r',
};

function firstUtf8Byte(point: number): number {
  if (point < 0x800) return 0xc0 | (point >> 6);
  if (point < 0x10000) return 0xe0 | (point >> 12);
  return 0xf0 | (point >> 18);
}
