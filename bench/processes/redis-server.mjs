import { spawn, spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { once } from 'node:events';
import { freePort } from './start.mjs';

/** Whether the machine has it. */
export function hasRedisServer() {
  return spawnSync('redis-server', ['--version']).status === 0;
}

/** A redis-server on loopback, in memory alone. It ends with this process. */
export async function startRedisServer() {
  const port = await freePort();
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = spawn('redis-server', settings, { stdio: 'ignore' });
  process.on('exit', () => child.kill('SIGKILL'));
  await untilListening(port);
  if (child.pid === undefined) throw new Error('redis-server did not start');
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: child.pid,
    /** Bytes that it uses for what it keeps. */
    async usedBytes() {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.write('INFO memory\r\n');
      let text = '';
      while (!/used_memory:\d+\r/.test(text)) text += String((await once(socket, 'data'))[0]);
      socket.destroy();
      return Number(/used_memory:(\d+)\r/.exec(text)?.[1]);
    },
    async stop() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** @param {number} port */
async function untilListening(port) {
  for (let tries = 0; tries < 200; tries++) {
    const socket = connect({ port, host: '127.0.0.1' });
    const isThere = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('redis-server does not listen');
}
