import { settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import { holdUploads, loggedIn, say, sent, sinceConnected, type ArrivalHarness } from './arrival-bed.ts';

/** What a device says while its upload is under way counts from when it arrives. */
export function describeSignsUnderWay(harness: ArrivalHarness): void {
  const { bytes, silenceMs, withAdapter } = harness;

  test('is a sign of life when it arrives, and not when its turn comes', () =>
    withAdapter(async ({ ...adapter }) => {
      const { clock, registry } = adapter;
      const socket = await loggedIn(harness, adapter);
      const release = holdUploads(adapter);
      await clock.advanceAsync(1_000);
      const before = adapter.sender.messages.length;
      await say(socket, bytes.upload(0));
      await sent(adapter, before + 1);
      for (const [afterMs, what] of [
        [3_000, bytes.upload(1)],
        [2_000, bytes.sign],
      ] as const) {
        await clock.advanceAsync(afterMs);
        await say(socket, what);
      }
      await clock.advanceAsync(9_000);
      release();
      await sent(adapter, before + 2);
      await settled();
      registry.disable('acme', 'thermostat-7');
      const [first, second] = await adapter.events(2);
      expect(sinceConnected(first, second)).toEqual({ lastSeen: 6_000, at: 15_000 });
    }));

  test('keeps a session for as long as silence may last, and not longer', () =>
    withAdapter(async (adapter) => {
      const { clock, sink } = adapter;
      const socket = await loggedIn(harness, adapter);
      // A lease does not run out while a request is under way.
      if (sink.events[0]?.basis.kind === 'lease') return;
      holdUploads(adapter);
      await say(socket, bytes.upload(0));
      await sent(adapter, 1);
      await clock.advanceAsync(silenceMs - 1);
      await say(socket, bytes.sign);
      await clock.advanceAsync(silenceMs - 1);
      expect(sink.events).toHaveLength(1);
      await clock.advanceAsync(1);
      const [first, second] = await adapter.events(2);
      expect(second).toMatchObject({ reason: 'keepalive-timeout', uncertaintyMs: silenceMs });
      expect(sinceConnected(first, second)).toEqual({ lastSeen: silenceMs - 1, at: 2 * silenceMs - 1 });
    }));

  test('what breaks the protocol does so from when it arrives', () =>
    withAdapter(async (adapter) => {
      if (!bytes.broken) return;
      const { clock, sender } = adapter;
      const socket = await loggedIn(harness, adapter);
      const release = holdUploads(adapter);
      const before = sender.messages.length;
      await say(socket, bytes.upload(0));
      await sent(adapter, before + 1);
      await clock.advanceAsync(2_000);
      await say(socket, bytes.broken);
      await settled();
      await clock.advanceAsync(5_000);
      release();
      const [first, second] = await adapter.events(2);
      expect(second).toMatchObject({ reason: 'protocol-error', uncertaintyMs: 0 });
      expect(sinceConnected(first, second)).toEqual({ lastSeen: 2_000, at: 2_000 });
    }));
}
