import { after, describe, it } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LocalCluster, startCluster } from '../../scripts/lib/cluster.ts';
import { UsageError } from '../../scripts/lib/usage.ts';

const entry = resolve(import.meta.dirname, 'fixtures/counter-worker.ts');
const library = resolve(import.meta.dirname, '../../scripts/lib/cluster.ts');

/** Goal: workerd starts, keeps data, can be killed, and never outlives its starter. */
describe('startCluster', () => {
  const folder = mkdtempSync(join(tmpdir(), 'edgetcd-test-'));
  after(() => rmSync(folder, { recursive: true }));

  it('gives each member a process, a port, its name and its peers', async () => {
    await using(await startCluster({ entry, mode: 'process-per-member' }), async (cluster) => {
      await cluster.ready();
      assert.equal(new Set(cluster.members.map((member) => member.process.pid)).size, 3);
      for (const [index, endpoint] of cluster.endpoints.entries()) {
        const variables = await json(`${endpoint}/variables`);
        assert.equal(variables['EDGETCD_SELF'], `m${index + 1}`);
        assert.equal(variables['EDGETCD_MEMBERS'], cluster.membersText);
        assert.ok(cluster.membersText.includes(`=${endpoint}`));
      }
    });
  });

  it('finds the data again after kill -9 and after a stop', async () => {
    const options = { entry, dataDir: join(folder, 'kept') };
    await using(
      await startCluster(options),
      async ({ endpoints: [endpoint], processes: [one] }) => {
        assert.equal((await json(`${endpoint}/call`))['calls'], 1);
        const pid = one?.pid;
        await one?.kill();
        assert.equal(one?.alive, false);
        await one.restart();
        assert.notEqual(one.pid, pid);
        assert.equal((await json(`${endpoint}/call`))['calls'], 2);
      },
    );
    await using(await startCluster(options), async ({ endpoints: [endpoint], isNew }) => {
      assert.equal(isNew, false);
      assert.equal((await json(`${endpoint}/call`))['calls'], 3);
    });
  });

  it('removes a temporary folder', async () => {
    const cluster = await startCluster({ entry });
    assert.ok(existsSync(cluster.dataDir));
    await cluster.stop();
    assert.equal(existsSync(cluster.dataDir), false);
  });

  it('tells of a process that nobody stopped', async () => {
    const ends: string[] = [];
    const onEnd = ({ name }: { name: string }): unknown => ends.push(name);
    await using(
      await startCluster({ entry, mode: 'process-per-member', onEnd }),
      async ({ processes: [first, second] }) => {
        assert.ok(first !== undefined && second !== undefined);
        await first.kill();
        process.kill(second.pid, 'SIGKILL');
        while (second.alive) await sleep(5);
        assert.deepEqual(ends, ['m2']);
      },
    );
  });

  it('leaves no process behind when its starter is killed', async () => {
    const code = `
      import { startCluster } from ${JSON.stringify(library)};
      const cluster = await startCluster({ entry: ${JSON.stringify(entry)}, dataDir: ${JSON.stringify(join(folder, 'orphan'))} });
      console.log(cluster.processes[0].pid);`;
    const starter = spawn(process.execPath, ['--input-type=module', '--eval', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [pid] = (await once(createInterface({ input: starter.stdout }), 'line')) as [string];
    assert.ok(isRunning(Number(pid)));
    starter.kill('SIGKILL');
    // Waits for the watchdog; a test that hangs here is a process left behind.
    while (isRunning(Number(pid))) await sleep(5);
  });

  it('refuses a port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    await assert.rejects(
      startCluster({ entry, ports: [address.port] }),
      (error) => error instanceof UsageError && error.message.includes(`port ${address.port}`),
    );
    server.close();
  });

  it('shows what workerd said when it does not start', async () => {
    const lines: string[] = [];
    await assert.rejects(
      startCluster({
        entry: resolve(import.meta.dirname, 'fixtures/throwing-worker.ts'),
        onLine: (_, line) => lines.push(line),
      }),
      /start workerd with .*ended with status 1[\s\S]*no good today/,
    );
  });
});

async function using(
  cluster: LocalCluster,
  body: (cluster: LocalCluster) => Promise<void>,
): Promise<void> {
  try {
    await body(cluster);
  } finally {
    await cluster.stop();
  }
}

async function json(url: string): Promise<Record<string, unknown>> {
  return (await (await fetch(url)).json()) as Record<string, unknown>;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
