/**
 * `edgetcd restore FILE`: loads a snapshot of etcd's, 3.4 to 3.7, or one of edgetcd's own, into a new
 * cluster: all revisions since the compaction, and leases. The file is read twice and the cluster takes
 * all of it or nothing (docs/internals/snapshot.md).
 */
import { resolve } from 'node:path';
import { StateFromDatabase } from '../src/backend/restore.ts';
import { DecodeError } from '../src/lib/binary.ts';
import { isFileFault, openSnapshotFile } from './lib/snapshot-file.ts';
import { restoreInto } from './lib/restore-upload.ts';
import { readOptions, UsageError } from './lib/usage.ts';

export const summary = 'load a snapshot of etcd into a new cluster (FILE --endpoint URL[,URL])';

const DEFAULT_ENDPOINT = 'http://127.0.0.1:2379';

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readOptions({
    args,
    allowPositionals: true,
    options: {
      endpoint: { type: 'string', default: DEFAULT_ENDPOINT },
      token: { type: 'string' },
      'skip-hash-check': { type: 'boolean', default: false },
      'without-auth': { type: 'boolean', default: false },
    },
  });
  const [path, ...others] = positionals;
  if (path === undefined || others.length > 0) {
    throw new UsageError('which file: edgetcd restore FILE --endpoint URL[,URL]');
  }
  try {
    const where = resolve(process.env['INIT_CWD'] ?? '.', path);
    const file = openSnapshotFile(where, { skipHashCheck: values['skip-hash-check'] });
    try {
      refuseAuth(file.database.auth(), values['without-auth']);
      const state = new StateFromDatabase(file.database);
      const { revision, compactRevision, liveKeys, changes, leases } = state.summary;
      const compacted = compactRevision < 0 ? '' : `, compacted at ${compactRevision}`;
      console.log(
        `${path}: revision ${revision}${compacted}, ${liveKeys} keys in ${changes} changes, ${leases} leases`,
      );
      await restoreInto(state, {
        endpoints: values.endpoint.split(',').map((url) => url.replace(/\/$/, '')),
        token: values.token ?? process.env['EDGETCD_TOKEN'],
        onProgress: progress(),
      });
      console.log(`restored: every member is at revision ${revision} with the file's hash`);
    } finally {
      file.close();
    }
  } catch (error) {
    if (!isFileFault(error) && !(error instanceof DecodeError)) throw error;
    throw new UsageError(`${path}: ${error.message}`);
  }
  return 0;
}

function refuseAuth(
  auth: { readonly enabled: boolean; readonly users: number; readonly roles: number },
  without: boolean,
): void {
  if (without || (!auth.enabled && auth.users === 0 && auth.roles === 0)) return;
  throw new UsageError(
    `the file has ${auth.users} users and ${auth.roles} roles${auth.enabled ? ', and authentication is on' : ''}; ` +
      'edgetcd has none yet: --without-auth leaves them out, so that everyone with access to the cluster may do everything',
  );
}

/** One line a second at most. */
function progress(): (bytes: number) => void {
  let nextMs = performance.now() + 1_000;
  return (bytes) => {
    if (performance.now() < nextMs) return;
    nextMs = performance.now() + 1_000;
    console.log(`${Math.round(bytes / 1e6)} MB sent`);
  };
}
