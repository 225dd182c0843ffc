import { describe, expect, test } from 'vitest';
import { hasLease, open, sinceConnected, slowJournal, type ArrivalHarness } from './arrival-bed.ts';
import { describeAllAtOnce } from './describe-all-at-once.ts';
import { describeCrowd } from './describe-crowd.ts';
import { describeFirstEnd } from './describe-first-end.ts';
import { describePartingsUnderWay } from './describe-partings-under-way.ts';
import { describeSignsUnderWay } from './describe-signs-under-way.ts';

/** What arrived is processed before a socket's end is believed, and counts from when it arrived. */
export function describeArrival(harness: ArrivalHarness): void {
  describe('what arrives while an upload takes its time', () => {
    describeSignsUnderWay(harness);
    describePartingsUnderWay(harness);
  });

  describe('the first end', () => {
    describeFirstEnd(harness);
  });

  describeSlowLogin(harness);
  describeAllAtOnce(harness);
  describeCrowd(harness);
}

function describeSlowLogin({ bytes, silenceMs, withAdapter }: ArrivalHarness): void {
  test('a device that waits for the answer to its login is silent for our sake', async () => {
    const { journal, begun, commit } = slowJournal();
    await withAdapter(
      async (adapter) => {
        const { clock, sink } = adapter;
        const socket = await open(adapter.address);
        let answer = Buffer.alloc(0);
        socket.on('data', (heard: Buffer) => (answer = Buffer.concat([answer, heard])));
        socket.write(bytes.login);
        await begun;
        await clock.advanceAsync(silenceMs);
        commit();
        await expect.poll(() => bytes.heard(answer)).toBe(true);
        await adapter.events(1);
        if (hasLease(sink.events[0])) return;
        await clock.advanceAsync(silenceMs - 1);
        expect(sink.events).toHaveLength(1);
        await clock.advanceAsync(1);
        const [first, second] = await adapter.events(2);
        expect(second).toMatchObject({ reason: 'keepalive-timeout' });
        expect(sinceConnected(first, second).at).toBe(2 * silenceMs);
      },
      { journal, settings: { commitWaitMs: 2 * silenceMs } },
    );
  });
}
