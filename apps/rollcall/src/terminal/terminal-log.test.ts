import { expect, test } from 'vitest';
import { terminalLog } from './terminal-log.ts';

test.each([
  [{}, 'it is away'],
  [{ cause: 'refused' }, 'it is away (refused)'],
  [{ err: new Error('no disk') }, 'it is away (no disk)'],
  [{ cause: 'refused', err: new Error('no disk') }, 'it is away (refused)'],
  // What the console of a library said, and how often nothing was said.
  [
    { text: 'Received transfer when credit was 0\n  at x' },
    'it is away (Received transfer when credit was 0)',
  ],
  [{ untold: 12 }, 'it is away (12)'],
])('a log line with the facts %j is shown as %j', (facts, line) => {
  const lines: string[] = [];
  const log = terminalLog((each) => void lines.push(each));
  log.warn(facts, 'it is away');
  log.error(facts, 'it is away');
  expect(lines).toEqual([line, line]);
});
