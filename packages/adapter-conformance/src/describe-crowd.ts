import { settled } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import { loggedIn, open, type ArrivalHarness } from './arrival-bed.ts';
import { crowd, slowTurns, turnMs } from './describe-all-at-once.ts';

/** The crowd comes together: what is read of a connection may have waited since then, and may have come just now. */
export function describeCrowd(harness: ArrivalHarness): void {
  const { bytes, withAdapter } = harness;
  const { goodbye } = bytes;
  if (!goodbye) return;
  const crowded = async (address: Parameters<typeof open>[0]): Promise<void> => {
    await Promise.all(Array.from({ length: crowd }, () => open(address)));
    for (let turn = 0; turn < 3; turn += 1) await settled();
  };

  describe('a device that was there before many others came at once', () => {
    test('left within the interval that is told, also where it came and left behind them', () =>
      withAdapter(async (adapter) => {
        const { clock, sink } = adapter;
        await loggedIn(harness, adapter);
        await clock.advanceAsync(1_000);
        const stopTime = slowTurns(clock);
        await crowded(adapter.address);
        const socket = await open(adapter.address);
        const saidAt = clock.now();
        socket.write(bytes.atOnce.bytes);
        const goodbyes = () =>
          sink.events.flatMap((event) =>
            event.type === 'disconnected' && event.reason === 'client-closed' ? [event] : [],
          );
        await expect.poll(() => goodbyes().length).toBe(1);
        stopTime();
        const [from = NaN, to = NaN] = goodbyes().flatMap(({ at, uncertaintyMs }) => [
          at - uncertaintyMs,
          at,
        ]);
        // A turn in which something arrives is not late, and neither is the next one, which reads it.
        expect(from).toBeLessThanOrEqual(saidAt + 2 * turnMs);
        expect(to).toBeGreaterThanOrEqual(saidAt);
      }));

    test('is connected where it left, and came back behind them', () =>
      withAdapter(async (adapter) => {
        const { clock, sink } = adapter;
        const socket = await loggedIn(harness, adapter);
        await clock.advanceAsync(1_000);
        const stopTime = slowTurns(clock);
        await crowded(adapter.address);
        socket.write(goodbye);
        await adapter.events(2);
        const again = await open(adapter.address);
        again.write(bytes.login);
        await adapter.events(3);
        stopTime();
        expect(sink.events.map(({ type }) => type)).toEqual(['connected', 'disconnected', 'connected']);
      }));
  });
}
