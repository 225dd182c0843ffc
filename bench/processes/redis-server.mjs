import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { once } from 'node:events';
import { startForeign } from './foreign-process.mjs';
import { freePort } from './start.mjs';

/** Whether the machine has it. */
export function hasRedisServer() {
  return spawnSync('redis-server', ['--version']).status === 0;
}

/** A redis-server on loopback, in memory alone. It ends with this process. */
export async function startRedisServer() {
  const port = await freePort();
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const { pid, stop } = await startForeign('redis-server', settings, [port]);
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid,
    /** Bytes that it uses for what it keeps. */
    async usedBytes() {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.write('INFO memory\r\n');
      let text = '';
      while (!/used_memory:\d+\r/.test(text)) text += String((await once(socket, 'data'))[0]);
      socket.destroy();
      return Number(/used_memory:(\d+)\r/.exec(text)?.[1]);
    },
    stop,
  };
}
