/** etcd's JSON gateway as tests call it, at this server or at etcd. Keys and values are plain text. */
import { startCluster } from '../../scripts/lib/cluster.ts';
import { findEtcd, startEtcd } from '../../scripts/lib/etcd.ts';

export interface Answer {
  readonly status: number;
  readonly json: AnswerJson;
}

export interface KeyValueJson {
  readonly key: string;
  readonly value?: string;
  readonly lease?: string;
  readonly create_revision?: string;
  readonly mod_revision?: string;
}

/** The fields of all answers that tests look at. */
export interface AnswerJson {
  readonly header?: { readonly revision?: string };
  readonly code?: number;
  readonly message?: string;
  readonly ID?: string;
  readonly TTL?: string;
  readonly grantedTTL?: string;
  readonly keys?: readonly string[];
  readonly leases?: readonly { readonly ID: string }[];
  readonly kvs?: readonly KeyValueJson[];
  readonly kv?: KeyValueJson;
  readonly key?: string;
  readonly leader?: LeaderJson;
  readonly succeeded?: boolean;
  readonly responses?: readonly { readonly response_range?: { kvs?: readonly KeyValueJson[] } }[];
}

export interface LeaderJson {
  readonly name?: string;
  readonly key?: string;
  readonly rev?: string;
  readonly lease?: string;
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

export function text(encoded: string | undefined): string {
  return Buffer.from(encoded ?? '', 'base64').toString();
}

export class Gateway {
  readonly endpoint: string;

  constructor(endpoint: string) {
    this.endpoint = endpoint;
  }

  async post(path: string, body: object | string, signal?: AbortSignal): Promise<Answer> {
    const response = await fetch(`${this.endpoint}/v3/${path}`, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...(signal === undefined ? {} : { signal }),
    });
    return { status: response.status, json: (await response.json()) as AnswerJson };
  }

  /** The answer of a call that has to go well. */
  async ok(path: string, body: object | string): Promise<AnswerJson> {
    const { status, json } = await this.post(path, body);
    if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(json)}`);
    return json;
  }

  grant(ID: number, TTL: number): Promise<AnswerJson> {
    return this.ok('lease/grant', { ID, TTL });
  }

  put(key: string, value: string, lease = 0): Promise<AnswerJson> {
    return this.ok('kv/put', { key: base64(key), value: base64(value), lease });
  }

  /** Keys under a prefix, in order. */
  async keys(prefix: string): Promise<string[]> {
    const end = prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
    const range = { key: base64(prefix), range_end: base64(end) };
    return ((await this.ok('kv/range', range)).kvs ?? []).map(({ key }) => text(key));
  }

  async get(key: string): Promise<KeyValueJson | undefined> {
    return (await this.ok('kv/range', { key: base64(key) })).kvs?.[0];
  }
}

export interface Served extends Gateway {
  readonly name: string;
  stop(): Promise<void>;
}

/** This server with three members, and etcd where it is installed: what holds there should hold here. */
export async function startBoth(): Promise<Served[]> {
  const cluster = await startCluster();
  await cluster.ready();
  const served = [serve('edgetcd', cluster.endpoints[0] ?? '', () => cluster.stop())];
  if (findEtcd() === undefined) return served;
  const etcd = await startEtcd();
  return [...served, serve('etcd', etcd.leader, () => etcd.stop())];
}

function serve(name: string, endpoint: string, stop: () => Promise<void>): Served {
  return Object.assign(new Gateway(endpoint), { name, stop });
}
