/** Goal: docs/COMPATIBILITY.md says of every RPC what the member does with it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import { Code } from '../../src/api/errors.ts';
import { methods } from '../../src/api/schema.ts';
import type { MemberService } from '../../src/member/service.ts';
import { World } from './support/world.ts';

const DOCUMENT = resolve(import.meta.dirname, '../../docs/COMPATIBILITY.md');

interface Row {
  readonly path: string;
  readonly gateway: readonly string[];
  readonly served: string;
}

/** Rows of the table of RPCs: `| Service/Method | paths | yes, no or another way | … |`. */
function documented(): Row[] {
  const rows: Row[] = [];
  for (const line of readFileSync(DOCUMENT, 'utf8').split('\n')) {
    const [, name = '', paths = '', served = ''] = line.split('|').map((cell) => cell.trim());
    const path = /^`(?<path>[\w.]+\/\w+)`$/.exec(name)?.groups?.['path'];
    if (path === undefined) continue;
    const gateway = [...paths.matchAll(/`(?<path>[^`]+)`/g)].map((match) => match[1] ?? '');
    rows.push({ path, gateway, served });
  }
  return rows;
}

/** Unknown methods are refused at once; of the others some answer, and some wait, as a lock does. */
async function knows(world: World, service: MemberService, path: string): Promise<boolean> {
  const empty = new Uint8Array(0);
  const codes: number[] = [];
  for (const asked of [service.call(path, empty), service.page(path, empty, undefined)]) {
    void asked.then(({ code }) => codes.push(code));
  }
  await world.clock.advance(100);
  return codes.filter((code) => code === Code.Unimplemented).length < 2;
}

describe('docs/COMPATIBILITY.md', () => {
  const rows = documented();

  it('lists every method of the schema once, in order, with its paths', () => {
    assert.deepEqual(
      rows.map(({ path }) => path),
      methods.map(({ path }) => path),
    );
    for (const { path, gatewayPaths } of methods) {
      const row = rows.find((each) => each.path === path);
      for (const gatewayPath of gatewayPaths) {
        assert.ok(row?.gateway.includes(gatewayPath), `${path} at ${gatewayPath}`);
      }
    }
  });

  it('says "yes" of exactly the methods that a member serves as calls', async () => {
    const world = new World('m1');
    const { service } = await world.elect();
    for (const { path, served } of rows) {
      assert.match(served, /^(yes|no|stream)$/, path);
      const known = await knows(world, service, path);
      // Streams of their own kind have their own way into a member, past its table of calls.
      if (served !== 'stream') assert.equal(known, served === 'yes', path);
    }
  });
});
