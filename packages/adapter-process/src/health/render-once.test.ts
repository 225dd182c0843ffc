import { expect, test } from 'vitest';
import { renderOnce } from './render-once.ts';

test('those who ask meanwhile get the same answer, or the same failure; who asks then, another', async () => {
  const renderings: PromiseWithResolvers<{ contentType: string; text: string }>[] = [];
  const metrics = renderOnce(() => {
    const rendering = Promise.withResolvers<{ contentType: string; text: string }>();
    renderings.push(rendering);
    return rendering.promise;
  });
  const together = [metrics(), metrics(), metrics()];
  renderings[0]?.resolve({ contentType: 'text/plain', text: 'first' });
  expect((await Promise.all(together)).map(({ text }) => text)).toEqual(['first', 'first', 'first']);
  const failing = [metrics(), metrics()].map((each) => expect(each).rejects.toThrow('not now'));
  renderings[1]?.reject(new Error('not now'));
  await Promise.all(failing);
  void metrics();
  expect(renderings).toHaveLength(3);
});
