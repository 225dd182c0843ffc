import { anOutboundEvent } from '@rollcall/conformance';
import { harmOf, nastyStrings } from '@rollcall/conformance/hostile';
import { expect, test } from 'vitest';
import { createLog } from './create-log.ts';
import { createLoggerSink } from './logger-sink.ts';

function givenALog() {
  const lines: string[] = [];
  const log = createLog({
    name: 'a',
    level: 'debug',
    destination: { write: (line) => void lines.push(line) },
  });
  return { lines, log };
}

test.each(Object.entries(nastyStrings))(
  'createLog writes %s in one line, escaped, and without loss',
  (_what, text) => {
    const { lines, log } = givenALog();
    log.warn({ text, [text]: 1, nested: { text }, err: new Error(text) }, text);
    const [line = ''] = lines;
    expect(lines).toHaveLength(1);
    expect(line.endsWith('\n')).toBe(true);
    expect(harmOf(line.slice(0, -1))).toBeUndefined();
    expect(JSON.parse(line)).toMatchObject({
      text,
      [text]: 1,
      nested: { text },
      msg: text,
      err: { message: text },
    });
  },
);

test.each(Object.entries(nastyStrings))(
  'createLog escapes %s in an event that a sink logs',
  async (_what, text) => {
    const { lines, log } = givenALog();
    const sink = createLoggerSink({ log, level: 'info' });
    await sink.deliver(
      anOutboundEvent('e1', { remoteId: text, slot: text, protocol: text, remoteAddress: text }),
      new AbortController().signal,
    );
    expect(lines).toHaveLength(1);
    expect(harmOf(lines[0]?.slice(0, -1) ?? '')).toBeUndefined();
  },
);

test('createLog writes the severity as a word and the time in RFC 3339', () => {
  const { lines, log } = givenALog();
  for (const level of ['debug', 'info', 'warn', 'error'] as const) log[level]({}, level);
  for (const line of lines) {
    const { level, msg, time } = JSON.parse(line) as { level: string; msg: string; time: string };
    expect(level).toBe(msg);
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  }
  expect(lines).toHaveLength(4);
});

test('createLog writes severity and time as numbers with the format numbers', () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  createLog({ name: 'a', level: 'info', format: 'numbers', destination }).warn({}, 'careful');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 40, time: expect.any(Number) as number });
});
