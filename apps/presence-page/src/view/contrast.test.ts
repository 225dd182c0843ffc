import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const css = readFileSync(new URL('style.css', import.meta.url), 'utf8');
const [light = '', dark = ''] = css.split('@media (prefers-color-scheme: dark)');
const lightColors = colorsIn(light);
const schemes = {
  light: lightColors,
  dark: new Map([...lightColors, ...colorsIn(dark.split('\n}\n')[0] ?? '')]),
};

function colorsIn(text: string): ReadonlyMap<string, string> {
  return new Map(
    [...text.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})\b/g)].map(([, name = '', color = '']) => [name, color]),
  );
}

/** WCAG 2.2, relative luminance. */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function ratio(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

test('the ratio is that of WCAG', () => {
  expect(ratio('#000000', '#ffffff')).toBeCloseTo(21, 5);
  expect(ratio('#767676', '#ffffff')).toBeCloseTo(4.54, 2);
});

describe.each(Object.entries(schemes))('in the %s scheme', (_name, colors) => {
  const color = (name: string): string => colors.get(name) ?? 'no such color';

  // Text on what it stands on: success criterion 1.4.3 wants 4.5.
  test.each([
    ...['text', 'quiet', 'accent', 'online', 'unknown', 'lost'].flatMap((text) => [
      [text, 'page'],
      [text, 'card'],
    ]),
    ['text', 'hover'],
    ['quiet', 'hover'],
    // A button that is pressed.
    ['card', 'accent'],
  ])('text in --%s can be read on --%s', (text, ground) => {
    expect(ratio(color(text), color(ground))).toBeGreaterThanOrEqual(4.5);
  });

  // What is not text and says something, as bars and the edges of fields: criterion 1.4.11 wants 3.
  test.each([
    ...['online', 'offline', 'unknown', 'lost', 'accent', 'edge'].flatMap((mark) => [
      [mark, 'page'],
      [mark, 'card'],
    ]),
    ['offline', 'hover'],
    ['online', 'hover'],
    ['unknown', 'hover'],
  ])('a mark in --%s can be seen on --%s', (mark, ground) => {
    expect(ratio(color(mark), color(ground))).toBeGreaterThanOrEqual(3);
  });
});
