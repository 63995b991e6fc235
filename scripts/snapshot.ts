/** `edgetcd snapshot FILE`: what `etcdctl snapshot save` does, where there is no etcdctl. */
import { resolve } from 'node:path';
import { saveSnapshot } from './lib/snapshot-save.ts';
import { readOptions, UsageError } from './lib/usage.ts';

export const summary = 'save a snapshot as etcd has them (FILE --endpoint URL)';

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readOptions({
    args,
    allowPositionals: true,
    options: {
      endpoint: { type: 'string', default: 'http://127.0.0.1:2379' },
      token: { type: 'string' },
    },
  });
  const [path, ...others] = positionals;
  if (path === undefined || others.length > 0) {
    throw new UsageError('into which file: edgetcd snapshot FILE --endpoint URL');
  }
  const bytes = await saveSnapshot(resolve(process.env['INIT_CWD'] ?? '.', path), {
    endpoint: values.endpoint.replace(/\/$/, ''),
    token: values.token ?? process.env['EDGETCD_TOKEN'],
  });
  console.log(`${path}: ${bytes} bytes`);
  return 0;
}
