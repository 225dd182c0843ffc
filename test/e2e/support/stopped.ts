import { spawn } from 'node:child_process';

/**
 * Stops a process. If its stopper is killed, it goes on by itself, and can notice that: a shell waits for the end of its own
 * input, which comes with the end of this process.
 *
 * @returns lets it go on.
 */
export function stopped(pid: number): () => void {
  process.kill(pid, 'SIGSTOP');
  const guard = spawn('sh', ['-c', `read -r line; kill -CONT ${pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without one, all that is lost is the care for a run that is killed.
  guard.on('error', () => {});
  guard.stdin.on('error', () => {});
  return () => {
    guard.stdin.end();
    try {
      process.kill(pid, 'SIGCONT');
    } catch {
      // It ended meanwhile.
    }
  };
}
