import { describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { readOptions, UsageError, wholeNumber } from '../../scripts/lib/usage.ts';

describe('wholeNumber', () => {
  it('reads digits within the range', () => {
    assert.equal(wholeNumber('port', '2379', { min: 1, max: 65535 }), 2379);
  });

  for (const text of ['', '-1', '0', '65536', '1.5', '1e3', ' 7', 'many']) {
    it(`refuses ${JSON.stringify(text)} and says what it may be`, () => {
      assert.throws(
        () => wholeNumber('port', text, { min: 1, max: 65535 }),
        new UsageError(
          `--port is ${JSON.stringify(text)}, and must be a whole number from 1 to 65535`,
        ),
      );
    });
  }
});

describe('readOptions', () => {
  const options = { port: { type: 'string' }, ephemeral: { type: 'boolean' } } as const;

  it('gives typed values', () => {
    const { values } = readOptions({ args: ['--port', '1', '--ephemeral'], options });
    assert.deepEqual({ ...values }, { port: '1', ephemeral: true });
  });

  it('refuses an unknown option and lists those there are', () => {
    assert.throws(
      () => readOptions({ args: ['--prot', '1'], options }),
      new UsageError("Unknown option '--prot'; the options are --port, --ephemeral"),
    );
  });

  it('refuses an option without its value', () => {
    assert.throws(() => readOptions({ args: ['--port'], options }), /--port <value>.*missing/);
  });
});
