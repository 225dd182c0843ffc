import { expect, test } from 'vitest';
import { createListening } from './listening.ts';

test('a store is told that it listens while events are received and can be stored', () => {
  const told: boolean[] = [];
  const listening = createListening({ listening: (is) => void told.push(is) });
  listening.attached(true);
  listening.storing(false);
  listening.attached(false);
  listening.storing(true);
  listening.attached(true);
  expect(told).toEqual([false, true, false, false, false, true]);
});
