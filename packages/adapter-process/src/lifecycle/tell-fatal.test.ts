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
  tellFatal(['one', 'two \u001b[31m'], { exitStatus: 2 }, log, {
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

test.each([
  [new ConfigError(['a', 'b']), 2, ['configuration: a', 'configuration: b']],
  [new TransportError('port is taken'), 1, ['port is taken']],
  [new TypeError('x of undefined'), 1, ['a mistake of ours, the process ends: x of undefined']],
  ['thrown', 1, ['a mistake of ours, the process ends: thrown']],
])('%s', (error, status, lines) => {
  expect(endBecauseOf(error)).toMatchObject({ status, lines });
});
