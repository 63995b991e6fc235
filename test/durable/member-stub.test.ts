/** Goal: objects of a cluster are looked for in its jurisdiction alone, and placed within it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

interface Asked {
  readonly jurisdiction: string | undefined;
  readonly name: string;
  readonly options: object;
}

/** A local workerd has no jurisdictions: this tells what the platform would be asked for. */
function namespace(asked: Asked[], jurisdiction?: string): object {
  return {
    jurisdiction: (name: string) => namespace(asked, name),
    idFromName: (name: string) => name,
    get: (name: string, options: object) => asked.push({ jurisdiction, name, options }),
  };
}

/** Typed for Workers, and tests for Node. */
const { memberStub } = (await import(new URL('../../durable/env.ts', import.meta.url).href)) as {
  readonly memberStub: (
    env: { readonly MEMBERS: object },
    objects: { readonly cluster: string; readonly jurisdiction: string | undefined },
    name: string,
    region?: string,
  ) => unknown;
};

describe('the object of a member', () => {
  it('is in the jurisdiction of its cluster, near its region if that is within', () => {
    const asked: Asked[] = [];
    const env = { MEMBERS: namespace(asked) };
    memberStub(env, { cluster: 'default', jurisdiction: undefined }, 'm1', 'enam');
    memberStub(env, { cluster: 'default', jurisdiction: undefined }, 'm2');
    memberStub(env, { cluster: 'tenant', jurisdiction: 'eu' }, 'm1', 'weur');
    memberStub(env, { cluster: 'tenant', jurisdiction: 'eu' }, 'm2', 'enam');
    assert.deepEqual(asked, [
      { jurisdiction: undefined, name: 'default/m1', options: { locationHint: 'enam' } },
      { jurisdiction: undefined, name: 'default/m2', options: {} },
      { jurisdiction: 'eu', name: 'tenant/m1', options: { locationHint: 'weur' } },
      { jurisdiction: 'eu', name: 'tenant/m2', options: {} },
    ]);
  });
});
