import { build } from 'esbuild';

/**
 * One ES module out of a Worker's entry file, resolved as wrangler resolves it.
 * @throws Error with esbuild's messages when a file does not parse or an import is not found.
 */
export async function bundleWorker(entry: string, outFile: string): Promise<void> {
  await build({
    entryPoints: [entry],
    outfile: outFile,
    bundle: true,
    format: 'esm',
    target: 'es2024',
    platform: 'neutral',
    conditions: ['workerd', 'worker', 'browser'],
    mainFields: ['browser', 'module', 'main'],
    external: ['node:*', 'cloudflare:*'],
    legalComments: 'none',
    logLevel: 'silent',
  });
}
