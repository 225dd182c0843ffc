import { settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { createUploadWindow } from './upload-window.ts';

test('so many are under way and no more, in the order they came, whatever becomes of them', async () => {
  const window = createUploadWindow(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const outcomes = [0, 1, 2, 3, 4].map((id) =>
    window
      .run(async () => {
        begun.push(id);
        await new Promise<void>((resolve) => (ends[id] = resolve));
        if (id === 0) throw new Error('failed');
        return id;
      })
      .catch(() => 'failed'),
  );
  await settled();
  expect(begun).toEqual([0, 1]);
  ends[1]?.();
  await settled();
  expect(begun).toEqual([0, 1, 2]);
  ends[0]?.();
  await settled();
  expect(begun).toEqual([0, 1, 2, 3]);
  for (const id of [2, 3]) ends[id]?.();
  await settled();
  ends[4]?.();
  expect(await Promise.all(outcomes)).toEqual(['failed', 1, 2, 3, 4]);
  expect(await window.run(async () => 'again')).toBe('again');
});
