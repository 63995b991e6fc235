/** Goal: what EDGETCD_CLUSTERS says is what there is, and what does not read is named. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Code, StatusError } from '../../src/api/errors.ts';
import { ConfigError, parseCluster } from '../../src/member/cluster-config.ts';
import { Deployment } from '../../src/member/deployment.ts';

const MEMBERS = 'm1:enam,m2:weur,m3:apac';

describe('the clusters of a deployment', () => {
  it('are all that somebody names, unless some are listed', () => {
    for (const text of [undefined, '', ' ; ', '*']) {
      const deployment = new Deployment(MEMBERS, text);
      assert.ok(deployment.has('default') && deployment.has('any'));
    }
    const listed = new Deployment(MEMBERS, 'a; b m1:weur');
    assert.deepEqual(
      ['default', 'a', 'b', 'c', '*'].map((name) => listed.has(name)),
      [true, true, true, false, false],
    );
    assert.throws(
      () => listed.require('c'),
      (error) => error instanceof StatusError && error.code === Code.NotFound,
    );
  });

  it('have members, ids and places of their own', () => {
    const deployment = new Deployment(MEMBERS, 'b@eu m1:weur,m2:eeur ; *');
    const plans = ['default', 'a', 'b'].map((name) => deployment.plan(name));
    const [standard, a, b] = plans;
    // As before there were others: existing objects keep who they are.
    assert.deepEqual(standard?.config, parseCluster('default', MEMBERS));
    assert.deepEqual(
      a?.config.members.map(({ name, region, peerUrl }) => [name, region, peerUrl]),
      [
        ['m1', 'enam', 'do://a/m1'],
        ['m2', 'weur', 'do://a/m2'],
        ['m3', 'apac', 'do://a/m3'],
      ],
    );
    assert.deepEqual([a.jurisdiction, b?.jurisdiction], [undefined, 'eu']);
    assert.equal(b?.config.members.length, 2);
    const ids = plans.flatMap(({ config }) => [config.id, ...config.members.map(({ id }) => id)]);
    assert.equal(new Set(ids).size, ids.length);
    // Also where peers are reached by the same URLs.
    const remote = new Deployment('m1=http://127.0.0.1:1', undefined);
    assert.notEqual(remote.plan('a').config.id, remote.plan('b').config.id);
  });

  for (const [what, text, message] of [
    ['a name that is none', 'a/b', /entry "a\/b": expected NAME/],
    ['an empty name', '@eu', /entry "@eu": expected NAME/],
    ['an unknown jurisdiction', 'a@mars', /unknown jurisdiction "mars", expected one of eu, us/],
    ["one of an object's own names", 'a@constructor', /unknown jurisdiction "constructor"/],
    ['a name that stands twice', 'a; a@eu', /a name appears twice/],
  ] as const) {
    it(`refuse ${what}`, () => {
      assert.throws(
        () => new Deployment(MEMBERS, text),
        (error) => error instanceof ConfigError && message.test(error.message),
      );
    });
  }

  it('refuse members outside of their jurisdiction, and members of another cluster', () => {
    const refuses = (clusters: string, message: RegExp): void => {
      const deployment = new Deployment(MEMBERS, clusters);
      assert.throws(
        () => deployment.plan('a'),
        (error) => error instanceof ConfigError && message.test(error.message),
      );
    };
    refuses('*@eu', /cluster "a": m1 is in region enam, and jurisdiction eu has weur and eeur/);
    refuses('a m1=do://b/m1', /"do:\/\/b\/m1" is not of cluster a, expected do:\/\/a\/NAME/);
  });
});
