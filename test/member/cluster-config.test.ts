import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { ConfigError, memberIdOf, parseCluster, REGIONS } from '../../src/member/cluster-config.ts';

const parse = (members: string) => parseCluster('default', members);

describe('EDGETCD_MEMBERS', () => {
  it('names members, regions, learners and peer URLs', () => {
    const { members } = parse(
      ' m1:enam, m2:weur:learner,m3:learner , m4=http://127.0.0.1:2379,m5:oc:learner=https://far.example/x,,',
    );
    assert.deepEqual(
      members.map(({ name, region, learner, peerUrl }) => [name, region, learner, peerUrl]),
      [
        ['m1', 'enam', false, 'do://default/m1'],
        ['m2', 'weur', true, 'do://default/m2'],
        ['m3', undefined, true, 'do://default/m3'],
        ['m4', undefined, false, 'http://127.0.0.1:2379'],
        ['m5', 'oc', true, 'https://far.example/x'],
      ],
    );
  });

  for (const [what, members, message] of [
    ['an entry that is none', 'm1,m 2', /entry "m 2": expected name\[:region\]/],
    ['a name that is too long', 'm'.repeat(65), /expected name/],
    ['an unknown region', 'm1:moon', /unknown region "moon", expected one of wnam, /],
    ['a peer URL of another kind', 'm1=ftp://x', /peer URL "ftp:\/\/x" must start with do:\/\//],
    ['a peer URL without a host', 'm1=http://', /must start with/],
    ['a name that stands twice', 'm1:enam,m1:weur', /name m1 appears twice/],
    ['a peer URL that stands twice', 'a=http://x,b=http://x', /peer URL http:\/\/x appears twice/],
    ['nothing', '', /names no voter/],
    ['only learners', 'm1:learner', /names no voter/],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => parse(members),
        (error) => error instanceof ConfigError && message.test(error.message),
      );
    });
  }

  it('throws nothing but ConfigError, and reads what it accepts', () => {
    const piece = fc.constantFrom(
      'm1',
      'm2',
      ':',
      ',',
      '=',
      'enam',
      'learner',
      'http://x',
      ' ',
      '/',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        try {
          const { members, id } = parse(pieces.join(''));
          assert.match(id, /^[0-9a-f]{16}$/);
          for (const { region } of members) {
            assert.ok(region === undefined || (REGIONS as readonly string[]).includes(region));
          }
        } catch (error) {
          assert.ok(error instanceof ConfigError, String(error));
        }
      }),
    );
  });
});

describe('ids', () => {
  it('of a member are the first 8 bytes of SHA-1 over peer URLs, cluster name and time', () => {
    const sha1 = (text: string): string =>
      createHash('sha1').update(text).digest('hex').slice(0, 16);
    assert.equal(memberIdOf(['http://b', 'http://a'], 'c'), sha1('http://ahttp://bc'));
    assert.equal(memberIdOf(['http://a'], 'c', 1234), sha1('http://ac1234'));
    assert.notEqual(memberIdOf(['http://a'], 'c', 1234), memberIdOf(['http://a'], 'c', 1235));
  });

  it('of a cluster depend on its members and not on their order or regions', () => {
    assert.equal(parse('m1:enam,m2').id, parse('m2,m1:weur').id);
    assert.notEqual(parse('m1,m2').id, parse('m1,m3').id);
    assert.notEqual(parseCluster('one', 'm1').id, parseCluster('two', 'm1').id);
    const ids = parse('m1,m2').members.map(({ id }) => Buffer.from(id, 'hex'));
    const sorted = Buffer.concat(ids.sort((left, right) => left.compare(right)));
    assert.equal(parse('m1,m2').id, createHash('sha1').update(sorted).digest('hex').slice(0, 16));
  });
});
