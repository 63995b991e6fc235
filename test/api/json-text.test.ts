import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { JsonNumber, JsonSyntaxError, parseJson, type JsonValue } from '../../src/api/json-text.ts';
import { JSON_DEPTH_MAX } from '../../src/constants.ts';

/** As JSON.parse would give it. */
function plain(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return Number(value.source);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
}

describe('parseJson', () => {
  it('agrees with JSON.parse on JSON', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(3), (text, indent) => {
        const spaced = JSON.stringify(JSON.parse(text), undefined, indent);
        assert.deepEqual(plain(parseJson(spaced)), JSON.parse(spaced));
      }),
      { numRuns: 1000 },
    );
  });

  it('agrees with JSON.parse on what is JSON', () => {
    const pieces = fc.constantFrom(
      ...['{', '}', '[', ']', ',', ':', '"', '\\', 'u', '0', '00e9', 'd800', '12', '-', '+', '.'],
      ...['e', 'E', 'true', 'false', 'null', 'nul', ' ', '\n', '\t', '"a"', '"a":', '\u0001', 'é'],
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        let expected: unknown;
        try {
          expected = JSON.parse(text);
        } catch {
          assert.throws(() => parseJson(text), JsonSyntaxError, text);
          return;
        }
        const actual = plain(parseJson(text));
        assert.deepEqual(JSON.stringify(actual), JSON.stringify(expected), text);
      }),
      { numRuns: 20_000 },
    );
  });

  it('keeps numbers as they are written', () => {
    const numbers = ['12345678901234567890', '-0', '1.0', '1e3', '0.1E-7'];
    for (const source of numbers) assert.deepEqual(parseJson(source), new JsonNumber(source));
  });

  it('makes lone surrogates replacement characters, as Go does', () => {
    assert.equal(parseJson('"\\ud800x"'), '\ufffdx');
    assert.equal(parseJson('"\\ud83d\\ude00"'), '😀');
  });

  it('is not led astray by names of Object.prototype', () => {
    const object = parseJson('{"__proto__":{"x":1},"constructor":2}') as object;
    assert.deepEqual(Object.keys(object), ['__proto__', 'constructor']);
    assert.equal(Object.getPrototypeOf(object), null);
  });

  it('follows nesting so far and no further', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    assert.ok(parseJson(nested(JSON_DEPTH_MAX)));
    assert.throws(() => parseJson(nested(JSON_DEPTH_MAX + 1)), {
      message: "invalid character '[' exceeded max depth",
    });
    assert.throws(() => parseJson('['.repeat(1_000_000)), JsonSyntaxError);
  });

  // Go's words for these, as etcd 3.4.23 sends them.
  const errors: readonly (readonly [string, string])[] = [
    ['', 'unexpected end of JSON input'],
    ['[1', 'unexpected end of JSON input'],
    ['00', "invalid character '0' after top-level value"],
    ['1 2', "invalid character '2' after top-level value"],
    ['1a', "invalid character 'a' after top-level value"],
    ['+0', "invalid character '+' looking for beginning of value"],
    ['.5', "invalid character '.' looking for beginning of value"],
    ['}', "invalid character '}' looking for beginning of value"],
    ['[1,]', "invalid character ']' looking for beginning of value"],
    ['[1 2]', "invalid character '2' after array element"],
    ['{"x"}', "invalid character '}' after object key"],
    ['{"x":1 "y":2}', "invalid character '\"' after object key:value pair"],
    ['{"x":1,}', "invalid character '}' looking for beginning of object key string"],
    ["{'x':1}", "invalid character '\\'' looking for beginning of object key string"],
    ['{\\', "invalid character '\\\\' looking for beginning of object key string"],
    ['tru}', "invalid character '}' in literal true (expecting 'e')"],
    ['nulx', "invalid character 'x' in literal null (expecting 'l')"],
    ['-a', "invalid character 'a' in numeric literal"],
    ['1.a', "invalid character 'a' after decimal point in numeric literal"],
    ['1e+a', "invalid character 'a' in exponent of numeric literal"],
    ['"a\tb"', "invalid character '\\t' in string literal"],
    ['"\u0001"', "invalid character '\\x01' in string literal"],
    ['"\\qb"', "invalid character 'q' in string escape code"],
    ['"\\u00zz"', "invalid character 'z' in \\u hexadecimal character escape"],
    ['{\u000b}', "invalid character '\\v' looking for beginning of object key string"],
    ['\u007f', "invalid character '\\x7f' looking for beginning of value"],
    ['é', "invalid character 'Ã' looking for beginning of value"],
    ['\ufeff{}', "invalid character 'ï' looking for beginning of value"],
    ['😀', "invalid character 'ð' looking for beginning of value"],
  ];
  for (const [text, message] of errors) {
    it(`says of ${JSON.stringify(text)}: ${message}`, () => {
      assert.throws(() => parseJson(text), { name: 'JsonSyntaxError', message });
    });
  }
});
