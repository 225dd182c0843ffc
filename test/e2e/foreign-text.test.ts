import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { harmOf, nastyStrings } from '@rollcall/conformance/hostile';
import { expect, onTestFinished, test } from 'vitest';
import { startApp, type TestProcess } from './support/processes.ts';

// What strangers say to processes of ours, and what those print of it.

interface RheaServer {
  create_container(options: object): {
    on(event: string, listener: (context: Context) => void): void;
    create_connection(options: object): { accept(socket: object): void };
  };
}
interface Context {
  readonly sender?: {
    close(error: object): void;
    readonly source: unknown;
    set_source(source: unknown): void;
  };
  readonly connection: { close(error: object): void };
}
const rhea = createRequire(new URL('../../packages/messaging-network/package.json', import.meta.url))(
  'rhea',
) as RheaServer;

const nasty = Object.values(nastyStrings);

/** Everything that a process printed: no line does harm, and each that goes to standard output is one of its log. */
function expectHarmless({ stdout, stderr }: TestProcess): void {
  expect([...stdout, ...stderr].map(harmOf).filter((harm) => harm !== undefined)).toEqual([]);
  for (const line of stdout) expect(() => JSON.parse(line) as unknown, line).not.toThrow();
}

function started(...args: string[]): TestProcess {
  const running = startApp('rollcall', args);
  onTestFinished(async () => void (await running.end('SIGKILL')));
  return running;
}

const big = (value: number): number[] => [
  value >>> 24,
  (value >>> 16) & 0xff,
  (value >>> 8) & 0xff,
  value & 0xff,
];
const list = (...items: readonly number[][]): number[] => {
  const content = items.flat();
  return [0xd0, ...big(content.length + 4), ...big(items.length), ...content];
};
const frame = (code: number, ...fields: readonly number[][]): number[] => {
  const body = [0x00, 0x53, code, ...list(...fields)];
  return [...big(body.length + 8), 2, 0, 0, 0, ...body];
};
const variable = (code: number, text: string): number[] => {
  const bytes = [...Buffer.from(text)];
  return [code, ...big(bytes.length), ...bytes];
};

/** What a stranger may say to an AMQP port without an account: rhea used to print the name of such a terminus as it was. */
function attachToTerminusOf(kind: string): Uint8Array {
  const terminus = [0x00, ...variable(0xb3, kind), ...list()];
  return Buffer.from([
    ...Buffer.from('AMQP\0\u0001\0\0', 'latin1'),
    ...frame(0x10, variable(0xb1, 'stranger')),
    ...frame(0x11, [0x40], [0x43], [0x52, 100], [0x52, 100]),
    ...frame(0x12, variable(0xb1, 'link'), [0x43], [0x42], [0x40], [0x40], [0x40], terminus),
  ]);
}

test('no process prints a symbol that a stranger sends to the network as it came', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'rollcall-text-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const network = started('network', '--port', '0', '--data', dataDir);
  const line = await network.line((each) => each.includes('accepts every password'), 'that it runs');
  const { port } = JSON.parse(line) as { readonly port: number };
  for (const text of ['amqp:unknown:list', ...nasty]) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume().write(attachToTerminusOf(text));
    await once(socket, 'close');
  }
  await network.line((each) => each.includes('peer was cut off'), 'that it cut the peers off');
  expectHarmless(network);
  expect(network.stderr).toEqual([]);
});

test('no command prints the text of a network as it came', async () => {
  const said: string[] = [...nasty];
  const container = rhea.create_container({ id: 'network' });
  for (const event of ['error', 'disconnected', 'connection_error', 'connection_close'])
    container.on(event, () => {});
  container.on('sender_open', ({ sender }) => {
    const text = said.shift() ?? 'the end';
    // Each time events could have come: of one outage people hear once.
    sender?.set_source(sender.source);
    sender?.close({ condition: text, description: text });
  });
  const server = createServer((socket) => container.create_connection({}).accept(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = `amqp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // Each tries again after a second, and hears the next: a few of them at a time hear all in time.
  const tails = Array.from({ length: 8 }, () => started('tail', '--url', url));
  await Promise.any(tails.map((tail) => tail.line((line) => line.includes('the end'), 'the last word')));
  expect(said).toEqual([]);
  for (const tail of tails) expectHarmless(tail);
  expect(tails.flatMap(({ stderr }) => stderr).join('\n')).toContain(String.raw`\u{1b}]0;owned\u{7}`);
});
