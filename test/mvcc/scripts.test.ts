/**
 * Golden scripts: a store in text, down to its rows. REWRITE=1 writes the traces that come out into
 * the files; commit a changed trace only when you can say why it changed.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { StoreScript } from './support/script.ts';

const DIRECTORY = join(import.meta.dirname, 'testdata');
const REWRITE = process.env['REWRITE'] === '1';

/** The script with every trace replaced by what comes out now. Comments and blank lines stay. */
function replay(text: string): string {
  const script = new StoreScript();
  const out: string[] = [];
  for (const block of text.trimEnd().split(/\n\n+/)) {
    const [input = ''] = block.split(/\n----(?:\n|$)/);
    const commands = input.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    if (commands.length === 0) {
      out.push(input);
      continue;
    }
    const traces = commands.map((line) => script.run(line)).filter((trace) => trace !== 'ok');
    out.push(`${input}\n----\n${traces.length === 0 ? 'ok' : traces.join('\n')}`);
  }
  return `${out.join('\n\n')}\n`;
}

for (const file of globSync(join(DIRECTORY, '*.txt')).sort()) {
  test(`golden script ${basename(file)}`, () => {
    const script = readFileSync(file, 'utf8');
    const actual = replay(script);
    if (REWRITE) writeFileSync(file, actual);
    else assert.equal(actual, script);
  });
}

test('there are golden scripts', () => {
  assert.ok(globSync(join(DIRECTORY, '*.txt')).length >= 8);
});
