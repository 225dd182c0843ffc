import { ConfigError } from '@rollcall/core';
import { expect, test } from 'vitest';
import { inLines, teller } from './terminal.ts';

test.each([
  [
    'each mistake of a configuration',
    new ConfigError(['a: is missing', 'b: unknown field']),
    'a: is missing\nb: unknown field\n',
  ],
  ['any other error', new Error('no disk\u{202e}'), 'no disk\\u{202e}\n'],
  ['what is no error', 'no disk', 'no disk\n'],
])('%s is told in a line of its own', (_what, error, expected) => {
  let written = '';
  const tell = teller({ write: (text) => (written += text) });
  for (const line of inLines(error)) tell(line);
  expect(written).toBe(expected);
});
