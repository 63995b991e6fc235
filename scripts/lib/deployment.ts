/** What local runs share with the deployment: read from wrangler.toml, so that there is one place to change. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** Top of the working tree; commands work from any folder below it. */
export const ROOT = resolve(import.meta.dirname, '../..');

export interface Compatibility {
  readonly date: string;
  readonly flags: readonly string[];
}

/** The compatibility date and flags of wrangler.toml. */
export function compatibility(): Compatibility {
  const path = resolve(ROOT, 'wrangler.toml');
  const text = readFileSync(path, 'utf8');
  const date = /^compatibility_date\s*=\s*"(\d{4}-\d\d-\d\d)"/m.exec(text)?.[1];
  if (date === undefined) {
    throw new Error(`read ${path}: it has no line compatibility_date = "YYYY-MM-DD"`);
  }
  const flags = /^compatibility_flags\s*=\s*\[([^\]]*)\]/m.exec(text)?.[1] ?? '';
  return { date, flags: [...flags.matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? '') };
}
