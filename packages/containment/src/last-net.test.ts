import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';

/**
 * Runs a process under the net. There, `serve(name, work)` serves a peer, `said` is what it says at its end, if it gets there, and
 * `fail` throws.
 */
async function run(script: string): Promise<{ code: number | null; said: string[]; stderr: string }> {
  const url = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);
  const program = `
    import net from 'node:net';
    import { spreadLastNet } from ${url('./last-net.ts')};
    import { containServer } from ${url('./contain-server.ts')};
    import { serveAll, servedPeer, servePeer } from ${url('./served-peer.ts')};
    const said = [];
    const failed = (where, error) => said.push(where + ': ' + error.message);
    const serve = (name, work) => servePeer(servedPeer(name, failed, () => said.push(name + ' ended')), work);
    const fail = () => { throw new Error('cursed'); };
    const nothing = () => {};
    spreadLastNet({ debug: nothing, info: nothing, warn: nothing, error: (facts, message) => said.push(message) });
    process.on('exit', () => console.log(JSON.stringify(said)));
    ${script}
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program]);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (bytes) => (stdout += String(bytes)));
  child.stderr.on('data', (bytes) => (stderr += String(bytes)));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said: stdout === '' ? [] : (JSON.parse(stdout) as string[]), stderr };
}

test.each([
  ['a timer', 'setTimeout(fail, 1)'],
  ['an immediate', 'setImmediate(fail)'],
  ['a tick', 'process.nextTick(fail)'],
  ['a microtask', 'queueMicrotask(fail)'],
  ['a promise', 'Promise.resolve().then(fail)'],
  ['an asynchronous function', '(async () => { await new Promise((go) => setTimeout(go, 1)); fail(); })()'],
  ['a listener that waits', "process.once('served', async () => fail()); process.emit('served')"],
])('an exception in %s ends only the peer that was served when it was set up', async (_what, leaveBehind) => {
  const { code, said } = await run(`
    serve('a', () => { ${leaveBehind}; });
    serve('b', () => { setTimeout(() => said.push('b goes on'), 50); });
  `);
  expect(said).toEqual(['a: cursed', 'a ended', 'b goes on']);
  expect(code).toBe(0);
});

test('an exception in a callback of a socket ends its peer, and the next exception is not taken for one of that peer', async () => {
  const { code, said } = await run(`
    const server = net.createServer((socket) => socket.write('x', fail));
    containServer(server, 'server', failed);
    server.listen(0, '127.0.0.1', () => {
      const client = net.connect(server.address().port, '127.0.0.1').on('error', nothing);
      client.on('close', () => { server.close(); setTimeout(fail, 1); });
      client.resume();
    });
  `);
  expect(said).toEqual(['server: cursed', 'a mistake of ours that belongs to no peer: the process ends']);
  expect(code).toBe(1);
});

test.each([
  ['no peer', 'setTimeout(fail, 1)'],
  ['all peers', "serve('a', () => serveAll(() => setTimeout(fail, 1)))"],
  ['no peer, as a rejection', 'Promise.reject(new Error("cursed"))'],
])('an exception on behalf of %s ends the process, and its stack is printed', async (_whom, script) => {
  const { code, said, stderr } = await run(script);
  expect(code).toBe(1);
  expect(said).toEqual(['a mistake of ours that belongs to no peer: the process ends']);
  expect(stderr).toContain('Error: cursed\n    at ');
});
