import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nearestFirst } from '../../src/http/distance.ts';
import { parseCluster, REGIONS } from '../../src/member/cluster-config.ts';

const { members } = parseCluster('c', 'a:enam,b:weur,c:apac,d:oc');
const order = (cf: unknown): string =>
  nearestFirst(cf, members)
    .map(({ name }) => name)
    .join('');

describe('nearestFirst', () => {
  for (const [place, latitude, longitude, expected] of [
    ['New York', '40.7', '-74.0', 'abcd'],
    ['Paris', '48.9', '2.4', 'bacd'],
    ['Jakarta', '-6.2', '106.8', 'cdba'],
    ['Sydney', '-33.9', '151.2', 'dcab'],
    // Across the date line: Hawaii is nearer to America than to Singapore.
    ['Honolulu', '21.3', '-157.9', 'adcb'],
  ] as const) {
    it(`orders members as seen from ${place}`, () => {
      assert.equal(order({ latitude, longitude }), expected);
    });
  }

  it('keeps the order of the configuration where the place is not known', () => {
    for (const cf of [undefined, null, {}, { latitude: '1' }, { latitude: 'x', longitude: 'y' }]) {
      assert.equal(order(cf), 'abcd');
    }
  });

  it('knows a place for every region, and changes no list it was given', () => {
    const all = parseCluster(
      'c',
      REGIONS.map((region, at) => `m${at}:${region}`).join(','),
    ).members;
    const before = [...all];
    assert.equal(nearestFirst({ latitude: 0, longitude: 0 }, all).length, REGIONS.length);
    assert.deepEqual(all, before);
  });
});
