/** workerd's configuration as Cap'n Proto text (node_modules/workerd/workerd.capnp describes the fields). */
import type { Compatibility } from './deployment.ts';

export interface DurableObjects {
  /** Name under which the Worker sees the namespace. */
  readonly binding: string;
  readonly className: string;
  /** Object ids derive from it: data made under one key is invisible under another. */
  readonly uniqueKey: string;
}

export interface WorkerService {
  readonly name: string;
  /** Path of the bundled module, relative to the configuration file. */
  readonly module: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly objects: DurableObjects;
  /** Folder for the objects' databases; it must exist. */
  readonly stateDir: string;
  readonly port: number;
}

const HOST = '127.0.0.1';

export function workerdConfig(
  services: readonly WorkerService[],
  compatibility: Compatibility,
): string {
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    # Peers of a cluster with one process per member are on loopback, which is not in the default list.
    (name = "internet", network = (allow = ["public", "private", "local"], tlsOptions = (trustBrowserCas = true))),
${services.map((service) => worker(service, compatibility)).join('\n')}
  ],
  sockets = [
${services
  .map(
    ({ name, port }) =>
      `    (name = ${quoted(name)}, address = ${quoted(`${HOST}:${port}`)}, http = (), service = ${quoted(name)}),`,
  )
  .join('\n')}
  ],
);
`;
}

function worker(service: WorkerService, { date, flags }: Compatibility): string {
  const { name, objects } = service;
  const variables = Object.entries(service.variables).map(
    ([variable, value]) => `(name = ${quoted(variable)}, text = ${quoted(value)}),`,
  );
  return `    (name = ${quoted(`${name}-state`)}, disk = (path = ${quoted(service.stateDir)}, writable = true)),
    (name = ${quoted(name)}, worker = (
      modules = [(name = "worker.js", esModule = embed ${quoted(service.module)})],
      compatibilityDate = ${quoted(date)},
      compatibilityFlags = [${flags.map(quoted).join(', ')}],
      bindings = [
        (name = ${quoted(objects.binding)}, durableObjectNamespace = ${quoted(objects.className)}),
        ${variables.join('\n        ')}
      ],
      durableObjectNamespaces = [
        (className = ${quoted(objects.className)}, uniqueKey = ${quoted(objects.uniqueKey)}, enableSql = true),
      ],
      durableObjectStorage = (localDisk = ${quoted(`${name}-state`)}),
    )),`;
}

/** Cap'n Proto text takes C's escapes; of these only two are needed within a line. */
function quoted(text: string): string {
  if (/[^\x20-\x7e\u00a0-\uffff]/.test(text)) {
    throw new Error(
      `write workerd's configuration: ${JSON.stringify(text)} holds a control character`,
    );
  }
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
