/**
 * Goal: no input crashes a decoder, makes it hang or take memory that the input does not justify; what
 * is no input is refused in the decoder's own words. Method: good input, broken at random from a fixed
 * seed; input that once did harm is kept in regressions.json.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { bytesOfHex, hexOf } from '../../src/lib/bytes.ts';
import { Prng } from '../../src/lib/prng.ts';
import { mutated } from './mutate.ts';
import { type Target, TARGETS } from './targets.ts';

const INPUTS = 4_000;
/** A decoder may hold a few times what it was given, and no more. */
const BYTES_HELD_MAX = 64 * 1024 * 1024;

interface Regression {
  readonly target: string;
  readonly hex: string;
  readonly what: string;
}

const REGRESSIONS = JSON.parse(
  readFileSync(new URL('regressions.json', import.meta.url), 'utf8'),
) as readonly Regression[];

function judge(target: Target, input: Uint8Array): void {
  try {
    target.decode(input);
  } catch (error) {
    if (target.refuses(error)) return;
    throw new Error(`${target.name} on ${hexOf(input)}: ${String(error)}`, { cause: error });
  }
}

for (const target of TARGETS) {
  test(`${target.name}: good input is taken`, () => {
    const prng = new Prng(1);
    for (let count = 0; count < 50; count++) target.decode(target.good(prng));
  });

  test(`${target.name}: broken input is refused or taken, nothing else`, () => {
    const prng = new Prng(7);
    const corpus = Array.from({ length: 20 }, () => target.good(prng));
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < INPUTS; count++)
      judge(target, mutated(prng, prng.pick(corpus), corpus));
    assert.ok(process.memoryUsage().arrayBuffers - before < BYTES_HELD_MAX);
  });

  test(`${target.name}: every cut of good input is refused or taken`, () => {
    const input = target.good(new Prng(3));
    for (let length = 0; length < input.length; length++) judge(target, input.subarray(0, length));
  });
}

for (const { target: name, hex, what } of REGRESSIONS) {
  test(`regression, ${name}: ${what}`, () => {
    const target = TARGETS.find((each) => each.name === name);
    assert.ok(target !== undefined);
    judge(target, bytesOfHex(hex));
  });
}
