import { describe, expect, test } from 'vitest';
import { StoreUnavailable } from '../store/store-unavailable.ts';
import { connected } from './received.ts';
import { describeChanges } from './store/describe-changes.ts';
import { describeConnections } from './store/describe-connections.ts';
import { describeEndings } from './store/describe-endings.ts';
import { describeFold } from './store/describe-fold.ts';
import { describeHistory } from './store/describe-history.ts';
import { describeInstances } from './store/describe-instances.ts';
import { describeLists } from './store/describe-lists.ts';
import { describeTimeline } from './store/describe-timeline.ts';
import { describeUnusualText } from './store/describe-unusual-text.ts';
import { device, storeBed, type DatabaseUnderTest } from './store/store-bed.ts';

/**
 * The contract of a store. Called from the tests of each: `describeStore('SQLite', 40, newDatabase)`.
 *
 * @param streams how many random streams of events are folded.
 */
export function describeStore(
  kind: string,
  streams: number,
  newDatabase: () => Promise<DatabaseUnderTest>,
): void {
  const bed = storeBed(newDatabase);

  describe(`${kind}:`, () => {
    describeFold(bed, streams);
    describeConnections(bed);
    describeHistory(bed);
    describeChanges(bed);
    describeLists(bed);
    describeEndings(bed);
    describeUnusualText(bed);
    describeInstances(bed);
    describeTimeline(bed);

    test('a closed store rejects with StoreUnavailable', async () => {
      const { store } = await bed.given();
      await store.close();
      await expect(store.get([device])).rejects.toBeInstanceOf(StoreUnavailable);
      await expect(store.apply([connected()])).rejects.toBeInstanceOf(StoreUnavailable);
    });
  });
}
