import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { tidyText } from '../../scripts/check/tidy.ts';

// Pieced together, so that this file itself is tidy.
const leftOver = ['TO', 'DO'].join('');
const only = ['it', 'only'].join('.');

describe('tidyText', () => {
  for (const [what, file, text, problem] of [
    [
      'a note for later',
      'src/a.ts',
      `one\n// ${leftOver}: two\n`,
      /^src\/a\.ts:2: .* is left over/,
    ],
    ['a missing last line end', 'src/a.ts', 'one', /the last line has no end/],
    ['carriage returns', 'src/a.ts', 'one\r\n', /carriage returns/],
    ['tests switched off', 'test/a.test.ts', `${only}('x')\n`, /:1: it\.only switches tests off/],
    ['two titles', 'docs/a.md', '# One\n\n# Two\n', /has 2 titles/],
    ['no title', 'docs/a.md', 'text\n', /has 0 titles/],
  ] as const) {
    it(`finds ${what}`, () => {
      const problems = tidyText(file, text);
      assert.equal(problems.length, 1);
      assert.match(problems[0] ?? '', problem);
    });
  }

  it('takes a comment in a code block for no title', () => {
    assert.deepEqual(tidyText('docs/a.md', '# One\n\n```sh\n# not a title\n```\n'), []);
  });

  it('has nothing to say about a tidy file', () => {
    assert.deepEqual(tidyText('src/a.ts', 'export const one = 1;\n'), []);
  });
});
