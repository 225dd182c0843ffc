import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';

const patienceMs = 180_000;

/**
 * A program of somebody else, once it listens on all its ports. It ends with this process.
 * @param {string} command @param {string[]} args @param {readonly number[]} ports @param {Record<string, string>} [environment] instead of ours
 */
export async function startForeign(command, args, ports, environment) {
  const child = spawn(command, args, {
    stdio: 'ignore',
    // Whole groups end together: a script may have started others.
    detached: true,
    ...(environment && { env: { PATH: process.env['PATH'] ?? '', ...environment } }),
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${command} did not start`);
  const end = () => {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // All of them ended.
    }
  };
  process.on('exit', end);
  for (const port of ports) await untilListening(port, () => child.exitCode !== null);
  return {
    pid,
    async stop() {
      end();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

/** @param {number} port @param {() => boolean} hasEnded */
async function untilListening(port, hasEnded) {
  for (let waitedMs = 0; waitedMs < patienceMs && !hasEnded(); waitedMs += 100) {
    const socket = connect({ port, host: '127.0.0.1' });
    const isThere = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`nobody listens on port ${port}`);
}
