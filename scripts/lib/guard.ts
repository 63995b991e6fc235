import { spawn } from 'node:child_process';

/**
 * Kills a process when this one ends, by kill -9 too: a shell waits on a pipe that only we hold open;
 * when the pipe closes, it kills. When the process ends first, `ended` must settle, and the shell goes.
 */
export function endWithUs(pid: number, ended: Promise<unknown>): void {
  const guard = spawn('/bin/sh', ['-c', `read -r line; kill -9 ${pid} 2>/dev/null`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.unref();
  guard.stdin.on('error', () => undefined);
  void ended.then(() => guard.kill('SIGKILL'));
}
