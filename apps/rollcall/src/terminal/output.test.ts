import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { endWithOutput, writtenOut } from './output.ts';

/** Takes the next part when it is told to. */
function slowReader() {
  const taken: string[] = [];
  const waiting: ((error?: Error) => void)[] = [];
  const output = new Writable({
    decodeStrings: false,
    write(part: string, _encoding, done) {
      waiting.push((error) => {
        if (!error) taken.push(part);
        done(error);
      });
    },
  });
  return { output, taken, takeNext: (error?: Error) => waiting.shift()?.(error) };
}

/** A command that ends with its output, what it tells then, and with which status it exits. */
function endingWithItsOutput() {
  const { output, takeNext } = slowReader();
  const exits: (number | undefined)[] = [];
  const lines: string[] = [];
  endWithOutput(
    output,
    (line) => void lines.push(line),
    (status) => void exits.push(status),
  );
  return { output, takeNext, exits, lines };
}

const failed = (code: string): Error => Object.assign(new Error(code), { code });
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('what a slow reader has not taken yet is waited for', async () => {
  const { output, taken, takeNext } = slowReader();
  for (const line of ['a', 'b', 'c']) output.write(line);
  let isWritten = false;
  void writtenOut(output).then(() => {
    isWritten = true;
  });
  for (let parts = 1; parts <= 3; parts++) {
    expect(isWritten).toBe(false);
    takeNext();
    await turn();
    expect(taken).toHaveLength(parts);
  }
  takeNext();
  await turn();
  expect(isWritten).toBe(true);
});

test('nothing is waited for where the reader has gone', async () => {
  const { output, takeNext, exits, lines } = endingWithItsOutput();
  output.write('a');
  const written = writtenOut(output);
  takeNext(failed('EPIPE'));
  await written;
  await turn();
  expect(exits).toEqual([undefined]);
  expect(lines).toEqual([]);
  await writtenOut(output);
});

test('output that cannot be written, as on a full disk, ends the command with one line', async () => {
  const { output, takeNext, exits, lines } = endingWithItsOutput();
  output.write('a');
  takeNext(failed('ENOSPC'));
  await turn();
  expect(exits).toEqual([1]);
  expect(lines).toEqual(['the output cannot be written (ENOSPC)']);
});
