import { expect, test } from 'vitest';
import { createLastWord } from './last-word.ts';

test.each([
  [['bye\n'], true],
  [['ping\nbye\n'], true],
  [['event a/b 1\nb', 'y', 'e', '\n'], true],
  [['bye\nping\n', 'ping\n'], true],
  [['bye'], false],
  [['goodbye\n'], false],
  [['bye now\n'], false],
  [['event a/b bye\n'], false],
])('%j says goodbye: %s', (pieces, expected) => {
  const hear = createLastWord();
  const heard = pieces.map((piece) => hear(Buffer.from(piece)));
  expect(heard.at(-1)).toBe(expected);
});
