/** Goal: a Worker follows what members say about who belongs to the cluster, and asks no more than it must. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Directory } from '../../src/http/directory.ts';
import type { Roster } from '../../src/member/roster.ts';

const FIRST = [
  { name: 'm1', region: undefined },
  { name: 'm2', region: undefined },
];

function roster(appliedIndex: number, ...names: string[]): Roster {
  const members = names.map((name) => ({ name, region: undefined }));
  return { clusterId: 'c', mark: names.join(), appliedIndex, members };
}

function setUp() {
  const told = new Map<string, Roster>();
  const asked: string[] = [];
  const directory = new Directory(FIRST, (name) => {
    asked.push(name);
    const found = told.get(name);
    return found === undefined ? Promise.reject(new Error('gone')) : Promise.resolve(found);
  });
  const names = (): string[] => directory.members.map(({ name }) => name);
  const hear = async (member: string, mark: string): Promise<void> => {
    await directory.heard({ member, region: '', leader: undefined, roster: mark });
  };
  return { told, asked, directory, names, hear };
}

describe('the directory', () => {
  it('begins with the configuration and learns once of each change', async () => {
    const { told, asked, names, hear } = setUp();
    assert.deepEqual(names(), ['m1', 'm2']);
    told.set('m2', roster(5, 'm2', 'm3'));
    await hear('m2', 'm2,m3');
    await hear('m2', 'm2,m3');
    assert.deepEqual(names(), ['m2', 'm3']);
    assert.deepEqual(asked, ['m2']);
  });

  it('does not go back to what a member that is behind knows, nor asks it again and again', async () => {
    const { told, asked, names, hear } = setUp();
    told.set('m2', roster(5, 'm2', 'm3'));
    told.set('m3', roster(4, 'm1', 'm2'));
    await hear('m2', 'm2,m3');
    await hear('m3', 'm1,m2');
    await hear('m3', 'm1,m2');
    assert.deepEqual(names(), ['m2', 'm3']);
    assert.deepEqual(asked, ['m2', 'm3']);
  });

  it('asks all when it must, and stays as it is when nobody answers', async () => {
    const { told, directory, names } = setUp();
    await directory.refresh();
    assert.deepEqual(names(), ['m1', 'm2']);
    told.set('m1', roster(3, 'm1', 'm4'));
    told.set('m2', roster(7, 'm4', 'm5'));
    await directory.refresh();
    assert.deepEqual(names(), ['m4', 'm5']);
    assert.ok(directory.has('m5') && !directory.has('m1'));
  });

  it('keeps to the configuration where members are no objects of this deployment', async () => {
    const { told, names, hear } = setUp();
    told.set('m1', roster(3));
    await hear('m1', '');
    assert.deepEqual(names(), ['m1', 'm2']);
  });
});
