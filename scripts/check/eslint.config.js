/**
 * Lint: what neither the compiler nor the formatter sees. The base is typescript-eslint's strict,
 * type-checked list; below stand only the differences, each with its reason.
 */
import { resolve } from 'node:path';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Folders that must give the same result in workerd, in Node and in the simulator. */
const PURE = [
  'src/constants.ts',
  'src/{lib,api,raft,wal,mvcc,lease,auth,watch,apply,member}/**/*.ts',
];

const ports = {
  Date: 'take the time from the Clock port (src/member/ports.ts)',
  performance: 'take the time from the Clock port (src/member/ports.ts)',
  setTimeout: 'use Clock.setTimer (src/member/ports.ts), or count ticks',
  setInterval: 'use Clock.setTimer (src/member/ports.ts), or count ticks',
  setImmediate: 'use Clock.setTimer (src/member/ports.ts), or count ticks',
  crypto: 'take chance from the Random port (src/member/ports.ts)',
  fetch: 'send through the Transport port (src/member/ports.ts)',
  WebSocket: 'send through the Transport port (src/member/ports.ts)',
  console: 'write through the Log port (src/member/ports.ts)',
  process: 'nothing here may depend on the platform; pass the value in',
  Buffer: 'use src/lib/bytes.ts, which is the same on every platform',
};

export default defineConfig(
  {
    ignores: ['src/api/generated/**', 'node_modules/**', 'build/**', '.wrangler/**', '.edgetcd/**'],
  },
  {
    files: ['{src,durable,scripts,test}/**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    languageOptions: {
      parserOptions: {
        tsconfigRootDir: resolve(import.meta.dirname, '../..'),
        project: ['./tsconfig.json', './tsconfig.workers.json'],
      },
    },
    rules: {
      // Types cost nothing at run time, and type stripping needs them marked.
      '@typescript-eslint/consistent-type-imports': 'error',
      // A message, opcode or kind that is added must be thought about everywhere.
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // Numbers, bigints and booleans print well; objects do not.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // `() => stop()` is a fine way to write a callback that returns nothing.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // An interface of an asynchronous port has synchronous implementations too.
      '@typescript-eslint/require-await': 'off',
      // `while (true)` with a return inside is how a loop that waits reads best.
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'max-lines': ['error', 500],
      eqeqeq: 'error',
      'no-restricted-syntax': [
        'error',
        {
          // The platform accepts it in silence, and what follows the first await is outside.
          selector: "CallExpression[callee.property.name='transactionSync'] > [async=true]",
          message: 'transactionSync runs only synchronous functions as one transaction',
        },
      ],
    },
  },
  {
    files: ['{src,durable,scripts}/**/*.ts'],
    rules: {
      'max-lines-per-function': ['error', { max: 70, skipComments: true, skipBlankLines: true }],
    },
  },
  {
    files: PURE,
    rules: {
      'no-restricted-globals': [
        'error',
        ...Object.entries(ports).map(([name, message]) => ({ name, message })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: ports.crypto },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // node:test reports what `it` and `describe` return by itself.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', package: 'node:test', name: ['it', 'test', 'describe', 'suite'] },
          ],
        },
      ],
    },
  },
);
