/** `npm start`: a cluster on this machine, all members in one workerd, until Ctrl-C. */
import { startCluster } from './lib/cluster.ts';
import { freePorts, requireFreePort } from './lib/ports.ts';
import {
  clientUrls,
  leaderOf,
  LOCAL_OPTIONS,
  printCommands,
  printMembers,
  readablePath,
  readLocal,
  serve,
} from './lib/run-local.ts';
import { readOptions } from './lib/usage.ts';

export const summary = 'a local cluster in one process (--members --port --data-dir --ephemeral)';

export async function run(args: string[]): Promise<number> {
  const { values } = readOptions({ args, options: LOCAL_OPTIONS });
  const { members, port, dataDir } = readLocal(values, '.edgetcd');
  await requireFreePort(port);
  const crashed = Promise.withResolvers<string>();
  const cluster = await startCluster({
    members,
    clientUrls: clientUrls([port]),
    ports: await freePorts(1, [port]),
    ...(dataDir === undefined ? {} : { dataDir }),
    // What members do in good order would bury the few lines that a newcomer has to see.
    onLine: (_, line) => {
      if (!line.startsWith('{"level":"info"')) console.error(line);
    },
    onEnd: ({ pid }) =>
      crashed.resolve(`workerd (pid ${pid}) ended unasked; it may have said why above`),
  });
  const announce = async (endpoints: readonly string[]): Promise<void> => {
    const endpoint = endpoints.join();
    console.log(`edgetcd at ${endpoint}, ${dataSentence(dataDir, cluster.isNew)}`);
    printMembers(cluster, endpoints, await leaderOf(cluster));
    printCommands(endpoint);
    console.log('\nCtrl-C stops it.');
  };
  return await serve(cluster, [port], announce, crashed.promise);
}

function dataSentence(dataDir: string | undefined, isNew: boolean): string {
  if (dataDir === undefined) return 'keeping nothing (--ephemeral)';
  return `${isNew ? 'new data' : 'data found'} in ${readablePath(dataDir)}`;
}
