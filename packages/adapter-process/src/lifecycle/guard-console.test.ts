import { ManualClock, recordingLog } from '@rollcall/conformance';
import { harmOf, nastyStrings } from '@rollcall/conformance/hostile';
import { afterEach, expect, test, vi } from 'vitest';
import { guardConsole } from './guard-console.ts';

const undo: (() => void)[] = [];
afterEach(() => {
  for (const each of undo.splice(0)) each();
});

function givenAGuardedConsole(clock = new ManualClock()) {
  const log = recordingLog();
  const written: string[] = [];
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      written.push(String(text));
      return true;
    }),
  );
  const giveBack = guardConsole(log, clock);
  undo.push(() => {
    giveBack();
    for (const spy of spies) spy.mockRestore();
  });
  return { log, written };
}

test.each(Object.entries(nastyStrings))('%s that a library prints is one line of the log', (_what, text) => {
  const { log, written } = givenAGuardedConsole();
  console.log(text);
  console.warn('peer says %s', text);
  console.error(new Error(text).message);
  console.dir({ text });
  console.table([text]);
  console.trace(text);
  expect(log.lines.map(({ level }) => level)).toEqual(['debug', 'warn', 'warn', 'debug', 'debug', 'warn']);
  for (const { facts } of log.lines) expect(harmOf((facts as { text: string }).text)).toBeUndefined();
  expect(written).toEqual([]);
});

test.each(Object.entries(nastyStrings))(
  '%s that is written to standard error does no harm there',
  (_w, text) => {
    const { written } = givenAGuardedConsole();
    process.stderr.write(`one ${text}\ntwo\n`);
    const lines = written.join('').split('\n');
    for (const line of lines) expect(harmOf(line)).toBeUndefined();
    expect(lines.at(-2)).toBe('two');
  },
);

test('an endless line is cut', () => {
  const { log } = givenAGuardedConsole();
  console.warn('x'.repeat(1_000_000));
  expect(JSON.stringify(log.lines).length).toBeLessThan(3_000);
});

test('a peer of which a library complains without end is ten lines a minute, and one that says how many there were', () => {
  const clock = new ManualClock();
  const { log } = givenAGuardedConsole(clock);
  for (let minute = 0; minute < 3; minute++) {
    for (let complaint = 0; complaint < 1_000; complaint++) console.warn('bad symbol');
    clock.advance(60_000);
  }
  expect(log.lines).toHaveLength(3 * 10 + 2);
  expect(log.lines[10]).toMatchObject({ level: 'warn', facts: { untold: 990 } });
});
