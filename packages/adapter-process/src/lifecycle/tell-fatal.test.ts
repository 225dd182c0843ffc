import { ConfigError, TransportError } from '@rollcall/core';
import { expect, test } from 'vitest';
import { recordingLog } from '@rollcall/conformance';
import { endBecauseOf } from './run-process.ts';
import { tellFatal } from './tell-fatal.ts';

function tell(
  stdoutIsTty: boolean,
  stderrIsTty: boolean,
): { readonly log: unknown[]; readonly plain: string } {
  const log = recordingLog();
  let plain = '';
  const stderr = { isTTY: stderrIsTty, write: (text: string) => (plain += text) };
  const lines = ['one', 'two \u001b[31m'].map((text) => ({ code: 'OWN_MISTAKE', text }));
  tellFatal(lines, { exitStatus: 2 }, log, {
    stdout: { isTTY: stdoutIsTty, write: () => undefined },
    stderr,
  });
  return { log: log.lines.map(({ message }) => message), plain };
}

test.each([
  { stdout: false, stderr: false, log: 2, plain: 0 },
  { stdout: true, stderr: true, log: 0, plain: 2 },
  { stdout: false, stderr: true, log: 2, plain: 2 },
  { stdout: true, stderr: false, log: 2, plain: 0 },
])('standard output a terminal: $stdout, standard error: $stderr', ({ stdout, stderr, log, plain }) => {
  const told = tell(stdout, stderr);
  expect(told.log).toHaveLength(log);
  expect(told.plain.split('\n').slice(0, -1)).toEqual(['one', String.raw`two \u{1b}[31m`].slice(0, plain));
});

test('each line has its code, beside the facts of all', () => {
  const log = recordingLog();
  const lines = [
    { code: 'OPTION_MISSING', text: 'one' },
    { code: 'OPTION_UNKNOWN', text: 'two' },
  ];
  tellFatal(lines, { exitStatus: 2 }, log, { stdout: { write() {} }, stderr: { write() {} } });
  expect(log.lines).toEqual([
    { level: 'error', message: 'one', facts: { code: 'OPTION_MISSING', exitStatus: 2 } },
    { level: 'error', message: 'two', facts: { code: 'OPTION_UNKNOWN', exitStatus: 2 } },
  ]);
});

test.each([
  [
    new ConfigError(['a', { code: 'OPTION_MISSING', text: 'b' }]),
    2,
    [
      ['CONFIGURATION_INVALID', 'configuration: a'],
      ['OPTION_MISSING', 'configuration: b'],
    ],
  ],
  [new TransportError('it is away'), 1, [['START_FAILED', 'it is away']]],
  [
    new TransportError('port is taken', { startCode: 'PORT_NOT_BOUND' }),
    1,
    [['PORT_NOT_BOUND', 'port is taken']],
  ],
  [
    new TypeError('x of undefined'),
    1,
    [['OWN_MISTAKE', 'a mistake of ours, the process ends: x of undefined']],
  ],
  ['thrown', 1, [['OWN_MISTAKE', 'a mistake of ours, the process ends: thrown']]],
] as const)('the process ends because of %s', (error, status, lines) => {
  expect(endBecauseOf(error)).toMatchObject({
    status,
    lines: lines.map(([code, text]) => ({ code, text })),
  });
});
