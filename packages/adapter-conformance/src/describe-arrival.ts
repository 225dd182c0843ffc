import { settled } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import {
  open,
  part,
  partings,
  say,
  sent,
  sinceConnected,
  slowJournal,
  type ArrivalHarness,
} from './arrival-bed.ts';
import { describePartingsUnderWay } from './describe-partings-under-way.ts';
import { describeSignsUnderWay } from './describe-signs-under-way.ts';

/** What arrived is processed before a socket's end is believed, and counts from when it arrived. */
export function describeArrival(harness: ArrivalHarness): void {
  describe('what arrives while an upload takes its time', () => {
    describeSignsUnderWay(harness);
    describePartingsUnderWay(harness);
  });

  describeSlowLogin(harness);
  describeAllAtOnce(harness);
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
        if (sink.events[0]?.basis.kind === 'lease') return;
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

function describeAllAtOnce({ bytes, withAdapter }: ArrivalHarness): void {
  describe('a device that says all it has to at once', () => {
    test.each(partings)('was connected, and left by itself: %s', (parting) =>
      withAdapter(async (adapter) => {
        const release = adapter.registry.hold();
        const socket = await open(adapter.address);
        await say(socket, bytes.atOnce.bytes);
        part(socket, parting);
        await settled();
        release();
        const [first, second] = await adapter.events(2);
        expect(first).toMatchObject({ type: 'connected' });
        expect(second).toMatchObject({ reason: 'client-closed', clean: true });
        await sent(adapter, bytes.atOnce.uploads);
      }),
    );

    test.each(partings)('and when it left, also while the journal takes its time: %s', async (parting) => {
      const { journal, begun, commit } = slowJournal();
      await withAdapter(
        async (adapter) => {
          const socket = await open(adapter.address);
          await say(socket, bytes.login);
          await begun;
          await adapter.clock.advanceAsync(20);
          await say(socket, bytes.goodbye);
          part(socket, parting);
          await settled();
          await adapter.clock.advanceAsync(25);
          commit();
          const [first, second] = await adapter.events(2);
          expect(second).toMatchObject({ reason: 'client-closed', uncertaintyMs: 0 });
          expect(sinceConnected(first, second)).toEqual({ lastSeen: 20, at: 20 });
        },
        { journal },
      );
    });
  });
}
