/** `npm run generate`: writes src/api/generated, and the table of transports, from src/api/proto. `--check` compares instead. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { declarations } from './generate/declarations.ts';
import { loadProtos } from './generate/load.ts';
import { messageClasses } from './generate/message-classes.ts';
import { schemaTable } from './generate/schema-table.ts';
import { transportsTable } from './generate/transports-table.ts';
import { readOptions } from './lib/usage.ts';

export const summary = 'write src/api/generated from src/api/proto (--check: compare only)';

const FOLDER = 'src/api/generated';

export async function run(args: string[]): Promise<number> {
  const { values } = readOptions({ args, options: { check: { type: 'boolean', default: false } } });
  const problems = await generate({ check: values.check });
  for (const problem of problems) console.error(problem);
  return problems.length === 0 ? 0 : 1;
}

/** Writes the generated files; with `check`, writes nothing and returns one line per file that differs. */
export async function generate(options: { check: boolean }): Promise<readonly string[]> {
  const protos = loadProtos();
  const files = {
    [`${FOLDER}/messages.js`]: messageClasses(protos),
    [`${FOLDER}/messages.d.ts`]: declarations(protos),
    [`${FOLDER}/schema.ts`]: schemaTable(protos),
    'docs/internals/transports.md': transportsTable(protos),
  };
  const problems: string[] = [];
  for (const [path, text] of Object.entries(files)) {
    if (options.check) {
      if (contentOf(path) !== text) problems.push(`${path} is not what npm run generate makes`);
    } else {
      mkdirSync(FOLDER, { recursive: true });
      writeFileSync(path, text);
    }
  }
  return await Promise.resolve(problems);
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
