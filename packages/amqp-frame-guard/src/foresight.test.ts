import { seededRandom } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { createForesight } from './foresight.ts';
import { defaultGuardLimits } from './guard-limits.ts';
import {
  attach,
  begin,
  data,
  described,
  frame,
  list,
  open,
  symbol,
  text,
  transfer,
} from './testing/frames.ts';

const foresight = () => createForesight({ limits: defaultGuardLimits, mayAskForTransactions: true });
const close = frame(described(0x18, list()));
const beyond = attach(64);
const message = transfer({ payload: data(10) });

test.each([
  ['a Close', [close], { type: 'close' }],
  [
    'a Close with an error',
    [frame(described(0x18, list(described(0x1d, list(symbol('a:b'), text('why'))))))],
    { type: 'close', error: { code: 'a:b', text: 'why' } },
  ],
  [
    'a Close whose error has no text',
    [frame(described(0x18, list(described(0x1d, list(symbol('a:b'))))))],
    { type: 'close', error: { code: 'a:b', text: '' } },
  ],
  ['a Close behind a link and a message', [begin(), attach(0), message, close], { type: 'close' }],
  ['a breach before a Close', [begin(), beyond, close], { type: 'violation' }],
  ['a breach behind a Close', [close, beyond], { type: 'close' }],
  ['a second Open', [open(), close], { type: 'violation' }],
  ['a message of which the end is not there', [begin(), attach(0), message.subarray(0, 12)], undefined],
] as const)('%s is foreseen, in whatever pieces it arrives, and no byte is changed', (_what, frames, end) => {
  const bytes = Buffer.concat(frames);
  const before = Buffer.from(bytes);
  const random = seededRandom(3);
  for (let round = 0; round < 50; round++) {
    const foresee = foresight();
    let foreseen: unknown;
    for (let at = 0; at < bytes.length;) {
      const length = round === 0 ? bytes.length : 1 + random.pick(40);
      foreseen = foresee(bytes.subarray(at, at + length));
      at += length;
    }
    if (end) expect(foreseen).toMatchObject(end);
    else expect(foreseen).toBeUndefined();
  }
  expect(bytes).toEqual(before);
});
