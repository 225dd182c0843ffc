import { expect, test } from 'vitest';
import { ChangeFeed } from './change-feed.ts';

test('readers at the same place share one read, and the texts of many places are not all kept', async () => {
  const reads: string[] = [];
  const feed = new ChangeFeed(
    {
      async changes(_tenant, position) {
        reads.push(position);
        return { changes: [], position };
      },
      onWake: () => () => {},
    },
    () => ({}),
  );
  await feed.read('acme', 'first');
  await feed.read('acme', 'first');
  expect(reads).toEqual(['first']);
  for (let place = 0; place < 64; place += 1) await feed.read('acme', String(place));
  await feed.read('acme', 'first');
  expect(reads.filter((place) => place === 'first')).toHaveLength(2);
});
