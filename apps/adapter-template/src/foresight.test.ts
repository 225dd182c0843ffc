import { expect, test } from 'vitest';
import { createForesight, type Ending } from './foresight.ts';
import { requestFormat } from './request-format.ts';

const bye: Ending = { type: 'bye' };
const broke = (text: string): Ending => ({ type: 'protocol-error', text });

test.each<readonly [pieces: readonly string[], expected: Ending | undefined]>([
  [['bye\n'], bye],
  [['ping\nbye\n'], bye],
  [['event a/b 1\nb', 'y', 'e', '\n'], bye],
  [['bye\nping\n', 'ping\n'], bye],
  [['bye'], undefined],
  [['bye\nnonsense\n'], bye],
  [['nonsense\nbye\n'], broke('unknown request')],
  [['ping\nbye now\n'], broke('bye takes no arguments')],
  [['event a/b bye\n'], undefined],
  [['login a@b c\n', 'login a@b c\n'], broke('logged in already')],
  [['login a@b c\nping\n'], undefined],
  [['x'.repeat(40), 'x'.repeat(40)], broke('request too long')],
  [['ping\n', `${'x'.repeat(65)}\n`], broke('request too long')],
  [[`event a/b ${'x'.repeat(54)}\n`.repeat(9)], undefined],
])('%j ends the session: %j', (pieces, expected) => {
  const foresee = createForesight(requestFormat(64));
  const foreseen = pieces.map((piece) => foresee(Buffer.from(piece)).end?.ending);
  expect(foreseen.at(-1)).toEqual(expected);
});

test('nothing is kept of a request that is too long', () => {
  const foresee = createForesight(requestFormat(64));
  for (let piece = 0; piece < 1_000; piece++) foresee(Buffer.alloc(65_536, 'x'));
  expect(foresee(Buffer.from('\nbye\n')).end?.ending).toEqual(broke('request too long'));
});

test('half a request is no whole one, and the rest of it makes it one', () => {
  const foresee = createForesight(requestFormat(64));
  const whole = ['pi', 'ng', '\npi', 'ng\nping\n'].map((piece) => foresee(Buffer.from(piece)).whole);
  expect(whole).toEqual([false, false, true, true]);
});
