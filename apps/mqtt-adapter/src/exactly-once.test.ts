import { expect, test } from 'vitest';
import { ExactlyOnce } from './exactly-once.ts';

test('a packet id is new once, until it is released', () => {
  const messages = new ExactlyOnce();
  expect(messages.begin(7)).toBe('new');
  expect(messages.begin(7)).toBe('under-way');
  messages.release(7);
  expect(messages.begin(7), 'a PUBREL before the PUBREC releases nothing').toBe('under-way');
  messages.end(7, true);
  expect(messages.begin(7)).toBe('taken');
  messages.release(7);
  expect(messages.begin(7)).toBe('new');
});

test('a packet id whose message was not taken may come again', () => {
  const messages = new ExactlyOnce();
  messages.begin(7);
  messages.end(7, false);
  expect(messages.begin(7)).toBe('new');
});

test('a thousand packet ids are kept at most', () => {
  const messages = new ExactlyOnce();
  for (let id = 1; id <= 1_000; id++) {
    expect(messages.begin(id)).toBe('new');
    messages.end(id, true);
  }
  expect(messages.begin(1_001)).toBe('too-many');
  expect(messages.begin(1)).toBe('taken');
  messages.release(1);
  expect(messages.begin(1_001)).toBe('new');
});
