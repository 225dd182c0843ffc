import { expect, test } from 'vitest';
import { done, type Given } from './hand.ts';

export function describeImports(given: Given): void {
  test('a running import is noted until it is complete', async () => {
    const { store, write } = await given();
    expect(await store.isImportUnderWay()).toBe(false);
    for (let time = 0; time < 2; time++)
      expect(await write({ kind: 'note-import', isUnderWay: true })).toEqual(done);
    expect(await store.isImportUnderWay()).toBe(true);
    expect(await write({ kind: 'note-import', isUnderWay: false })).toEqual(done);
    expect(await store.isImportUnderWay()).toBe(false);
  });
}
