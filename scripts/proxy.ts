/** `npx edgetcd proxy`: what etcd's own clients connect to, in front of a cluster anywhere. */
import { readFileSync } from 'node:fs';
import { type ListenAddress, type ProxyOptions, startProxy } from '../src/proxy/proxy.ts';
import type { TlsFiles } from '../src/proxy/front.ts';
import { readOptions, UsageError, wholeNumber } from './lib/usage.ts';

export const summary = 'native gRPC for a cluster: --endpoints URL[,URL] --listen HOST:PORT';

/** Calls are given this long to end once the proxy is told to. */
const STOP_GRACE_MS = 5_000;

const OPTIONS = {
  endpoints: { type: 'string' },
  listen: { type: 'string', default: '127.0.0.1:2379' },
  'metrics-listen': { type: 'string' },
  token: { type: 'string' },
  namespace: { type: 'string' },
  coalesce: { type: 'boolean', default: false },
  cert: { type: 'string' },
  key: { type: 'string' },
  'trusted-ca': { type: 'string' },
  'client-cert-auth': { type: 'boolean', default: false },
  // etcd's defaults: two hours, and twenty seconds.
  'keepalive-interval-seconds': { type: 'string', default: '7200' },
  'keepalive-timeout-seconds': { type: 'string', default: '20' },
} as const;

export async function run(args: string[]): Promise<number> {
  const options = readProxy(args);
  const proxy = await startProxy({ ...options, onLine: (line) => console.error(line) }).catch(
    (error: unknown) => {
      const { host, port } = options.listen;
      throw new UsageError(`listen on ${host}:${port}: ${String(error)}`);
    },
  );
  const names = options.tls === undefined ? 'http' : 'https';
  console.log(
    `edgetcd proxy at ${names}://${options.listen.host}:${proxy.port} for ${options.endpoints.join(', ')}`,
  );
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await proxy.stop(STOP_GRACE_MS);
  return 0;
}

/** @throws UsageError */
export function readProxy(args: string[]): ProxyOptions {
  const { values } = readOptions({ args, options: OPTIONS });
  const seconds = (name: 'keepalive-interval-seconds' | 'keepalive-timeout-seconds'): number =>
    1_000 * wholeNumber(name, values[name], { min: 1, max: 2_000_000 });
  const token = values.token ?? process.env['EDGETCD_TOKEN'];
  const tls = tlsFiles(values);
  const metricsListen = values['metrics-listen'];
  return {
    endpoints: endpointsOf(values.endpoints),
    listen: address('listen', values.listen),
    coalesce: values.coalesce,
    namespace: Buffer.from(values.namespace ?? ''),
    keepAlive: {
      intervalMs: seconds('keepalive-interval-seconds'),
      timeoutMs: seconds('keepalive-timeout-seconds'),
    },
    ...(token === undefined ? {} : { token }),
    ...(metricsListen === undefined
      ? {}
      : { metricsListen: address('metrics-listen', metricsListen) }),
    ...(tls === undefined ? {} : { tls }),
  };
}

const ENDPOINT = /^https?:\/\/[^/]+(?:\/c\/[^/]+)?\/?$/;

function endpointsOf(text: string | undefined): string[] {
  const endpoints = (text ?? '').split(',').filter((each) => each !== '');
  if (endpoints.length === 0) {
    throw new UsageError(
      '--endpoints is missing: give the URLs of the cluster, with commas between',
    );
  }
  for (const endpoint of endpoints) {
    if (!ENDPOINT.test(endpoint)) {
      throw new UsageError(
        `--endpoints has ${JSON.stringify(endpoint)}, and each must be like https://HOST, http://HOST:PORT or https://HOST/c/CLUSTER`,
      );
    }
  }
  return endpoints.map((endpoint) => endpoint.replace(/\/$/, ''));
}

function address(option: string, text: string): ListenAddress {
  const match = /^(.*):(\d+)$/.exec(text);
  const host = match?.[1]?.replace(/^\[(.*)\]$/, '$1');
  if (match === null || host === undefined) {
    throw new UsageError(`--${option} is ${JSON.stringify(text)}, and must be like 127.0.0.1:2379`);
  }
  const port = wholeNumber(`${option} port`, match[2] ?? '', { min: 0, max: 65_535 });
  return { host: host === '' ? '0.0.0.0' : host, port };
}

interface TlsValues {
  readonly cert?: string;
  readonly key?: string;
  readonly 'trusted-ca'?: string;
  readonly 'client-cert-auth': boolean;
}

function tlsFiles(values: TlsValues): TlsFiles | undefined {
  const { cert, key, 'trusted-ca': ca, 'client-cert-auth': clientCertAuth } = values;
  if (cert === undefined && key === undefined) {
    if (ca === undefined && !clientCertAuth) return undefined;
    throw new UsageError('--trusted-ca and --client-cert-auth need --cert and --key');
  }
  if (cert === undefined || key === undefined) {
    throw new UsageError('--cert and --key go together, and one of them is missing');
  }
  if (clientCertAuth && ca === undefined) {
    throw new UsageError(
      '--client-cert-auth needs --trusted-ca, to tell which certificates are good',
    );
  }
  return {
    cert: read('cert', cert),
    key: read('key', key),
    ca: ca === undefined ? undefined : read('trusted-ca', ca),
    clientCertAuth,
  };
}

function read(option: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(
      `--${option} ${path}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
