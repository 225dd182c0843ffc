import { isPrintable, printable, printableJson } from '@rollcall/core/text';
import { describe, expect, test } from 'vitest';
import { harmOf, nastyStrings } from './nasty-strings.ts';

describe.each(Object.entries(nastyStrings))('%s', (_what, text) => {
  test('is made printable by printable(), which changes nothing the second time', () => {
    const shown = printable(text);
    expect(harmOf(shown)).toBeUndefined();
    expect(printable(shown)).toBe(shown);
    expect(isPrintable(text)).toBe(shown === text);
    expect(isPrintable(shown)).toBe(true);
  });

  test('is one printable line of JSON with the same value', () => {
    const line = printableJson(`${JSON.stringify({ [text]: text })}\n`);
    expect(harmOf(line.slice(0, -1))).toBeUndefined();
    expect(JSON.parse(line)).toEqual({ [text]: text });
    expect(line.endsWith('\n')).toBe(true);
  });
});

test('printable() replaces different characters by different readable escapes', () => {
  expect(printable('a\u0001b\u001B[0m\u{E0041}')).toBe(String.raw`a\u{1}b\u{1b}[0m\u{e0041}`);
  expect(printable('a\u0001')).not.toBe(printable('a\u0002'));
});

test.each(['', 'thermostat-7', 'Müller 温度計 датчик 🌡', String.raw`C:\temp`])(
  '%o stays as it is',
  (text) => {
    expect(printable(text)).toBe(text);
  },
);
