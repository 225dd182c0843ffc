import { expect, test } from 'vitest';
import { libraryDebugProblems } from './library-debug.ts';

test.each([
  '*',
  'rhea*',
  'rhea:frames',
  'rhea-promise:*',
  'app:*,rhea:raw',
  'x rhea:io',
  'r*',
  'mqtt-packet:parser',
  'mqttjs*',
])('DEBUG=%s is refused: it prints what peers say', (value) => {
  expect(libraryDebugProblems({ DEBUG: value })).toEqual([expect.stringMatching(/^DEBUG is set/)]);
});

test.each(['', '1', 'true', 'app:*', '-rhea*', 'express:*'])('DEBUG=%s is nothing to us', (value) => {
  expect(libraryDebugProblems({ DEBUG: value })).toEqual([]);
});

test.each(['stream', 'http,net'])('NODE_DEBUG=%s is refused', (value) => {
  expect(libraryDebugProblems({ NODE_DEBUG: value })).toEqual([expect.stringMatching(/^NODE_DEBUG is set/)]);
});

test('without either there is nothing to say', () => {
  expect(libraryDebugProblems({ NODE_DEBUG: '' })).toEqual([]);
});
