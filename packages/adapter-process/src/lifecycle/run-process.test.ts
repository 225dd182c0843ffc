import { recordingLog } from '@rollcall/conformance';
import { ConfigError, TransportError } from '@rollcall/core';
import { afterEach, expect, test, vi } from 'vitest';
import { runProcess } from './run-process.ts';

afterEach(() => vi.restoreAllMocks());

async function run(main: () => Promise<number>) {
  const log = recordingLog();
  const exited: unknown[] = [];
  vi.spyOn(process, 'exit').mockImplementation((status) => exited.push(status) as never);
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  await runProcess(main, () => log);
  return {
    exited,
    lines: log.lines.map(({ message, facts }) => [message, (facts as { code: string }).code]),
  };
}

test.each([0, 1, 3])(
  'a process ends with the status %i of its main function, without a line',
  async (status) => {
    expect(await run(async () => status)).toEqual({ exited: [status], lines: [] });
  },
);

test.each([
  [
    new ConfigError([{ code: 'OPTION_MISSING', text: 'X: must be set' }]),
    2,
    'configuration: X: must be set',
    'OPTION_MISSING',
  ],
  [
    new TransportError('port is taken', { startCode: 'PORT_NOT_BOUND' }),
    1,
    'port is taken',
    'PORT_NOT_BOUND',
  ],
  [new RangeError('boom'), 1, 'a mistake of ours, the process ends: boom', 'OWN_MISTAKE'],
] as const)(
  'a process whose main function throws %s ends with status %i, and its last line says why',
  async (error, status, message, code) => {
    const failing = async (): Promise<number> => {
      throw error;
    };
    expect(await run(failing)).toEqual({ exited: [status], lines: [[message, code]] });
  },
);
