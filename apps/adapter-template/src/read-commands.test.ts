import { seededRandom } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import type { Command } from './command.ts';
import { readCommands } from './read-commands.ts';

async function* inPieces(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

async function commandsIn(...pieces: readonly (string | Uint8Array)[]): Promise<Command['name'][]> {
  const names: Command['name'][] = [];
  for await (const { name } of readCommands(inPieces(pieces.map((piece) => Buffer.from(piece))), 16))
    names.push(name);
  return names;
}

test('a line ends with its line feed, however it arrives', async () => {
  expect(await commandsIn('pi', 'ng', '\n', 'ping\nbye\n')).toEqual(['ping', 'ping', 'bye']);
});

test('what has no line feed is no command', async () => {
  expect(await commandsIn('ping\nbye')).toEqual(['ping']);
});

test('a line may have its limit and no byte more, and nothing after it counts', async () => {
  expect(await commandsIn(`event a/b ${'x'.repeat(6)}\nbye\n`)).toEqual(['event', 'bye']);
  expect(await commandsIn(`ping\nevent a/b ${'x'.repeat(7)}\nbye\n`)).toEqual(['ping', 'invalid']);
});

test('a line without end is given up at the limit, not when it ends', async () => {
  let read = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (; read < 1_000; read++) yield Buffer.from('xxxx');
  }
  const commands: Command[] = [];
  for await (const command of readCommands(endless(), 16)) commands.push(command);
  expect(commands).toEqual([{ name: 'invalid', text: 'line too long' }]);
  expect(read).toBeLessThan(6);
});

test('nothing is read while a command is carried out', async () => {
  let read = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for (; read < 10; read++) yield Buffer.from('ping\n');
  }
  const commands = readCommands(counted(), 16);
  await commands.next();
  await commands.next();
  expect(read).toBe(1);
});

test('pieces of any size give the same commands', async () => {
  const random = seededRandom(3);
  const whole = Buffer.from('ping\nevent a/b °°\nping\ntelemetry a/b\nbye\n');
  for (let i = 0; i < 200; i++) {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < whole.length;) {
      const length = 1 + random.pick(8);
      pieces.push(whole.subarray(at, at + length));
      at += length;
    }
    expect(await commandsIn(...pieces)).toEqual(['ping', 'event', 'ping', 'telemetry', 'bye']);
  }
});
