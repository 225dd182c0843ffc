import { once } from 'node:events';
import { settled } from '@rollcall/conformance';
import { expect, onTestFinished, test } from 'vitest';
import {
  hangUps,
  hasLease,
  holdUploads,
  loggedIn,
  part,
  partings,
  say,
  sent,
  sinceConnected,
  type ArrivalHarness,
} from './arrival-bed.ts';
import { watchAcceptedSockets } from './unwritable-sockets.ts';

/** A device that leaves while its upload is under way left when it did, and what it said before is carried out. */
export function describePartingsUnderWay(harness: ArrivalHarness): void {
  if (harness.bytes.goodbye) describeGoodbyes(harness, harness.bytes.goodbye);
  describeLosses(harness);
  describeUnread(harness);
}

function describeGoodbyes(harness: ArrivalHarness, goodbye: Uint8Array): void {
  const { bytes, withAdapter } = harness;

  test.each(partings)('a goodbye is one, from when it arrives, and so is each upload before: %s', (parting) =>
    withAdapter(async (adapter) => {
      const { clock, sender } = adapter;
      const socket = await loggedIn(harness, adapter);
      const release = holdUploads(adapter);
      const before = sender.messages.length;
      await say(socket, bytes.upload(0));
      await sent(adapter, before + 1);
      await clock.advanceAsync(2_000);
      await say(socket, bytes.upload(1));
      await say(socket, goodbye);
      part(socket, parting);
      const [first, second] = await adapter.events(2);
      await clock.advanceAsync(5_000);
      expect(second).toMatchObject({ reason: 'client-closed', clean: true, uncertaintyMs: 0 });
      expect(sinceConnected(first, second)).toEqual({ lastSeen: 2_000, at: 2_000 });
      release();
      await sent(adapter, before + 2);
    }),
  );

  test.each(partings)('a goodbye that the adapter has not read yet counts when its sender %s', (parting) =>
    withAdapter(async (adapter) => {
      const socket = await loggedIn(harness, adapter);
      const release = holdUploads(adapter);
      const before = adapter.sender.messages.length;
      await say(socket, bytes.upload(0));
      await sent(adapter, before + 1);
      socket.write(goodbye, () => part(socket, parting));
      // The answer meets a peer that is gone.
      release();
      expect((await adapter.events(2))[1]).toMatchObject({ reason: 'client-closed', uncertaintyMs: 0 });
    }),
  );
}

/** Without a goodbye. */
function describeLosses(harness: ArrivalHarness): void {
  const { bytes, withAdapter } = harness;

  test.each(hangUps)(
    'a device is lost from when it is, and what it said before is carried out: %s',
    (parting) =>
      withAdapter(async (adapter) => {
        const { clock, sink } = adapter;
        const socket = await loggedIn(harness, adapter);
        if (hasLease(sink.events[0])) return;
        const release = holdUploads(adapter);
        const before = adapter.sender.messages.length;
        await say(socket, bytes.upload(0));
        await sent(adapter, before + 1);
        await say(socket, bytes.upload(1));
        await clock.advanceAsync(2_000);
        part(socket, parting);
        const [first, second] = await adapter.events(2);
        expect(second).toMatchObject({ reason: 'connection-lost', uncertaintyMs: 2_000 });
        expect(sinceConnected(first, second).at).toBe(2_000);
        release();
        await sent(adapter, before + 2);
      }),
  );

  test('a device that closed its side is served to the end', () =>
    withAdapter(async (adapter) => {
      const socket = await loggedIn(harness, adapter);
      const release = holdUploads(adapter);
      const before = adapter.sender.messages.length;
      await say(socket, bytes.upload(0));
      await sent(adapter, before + 1);
      const closed = once(socket, 'close');
      socket.end();
      await settled();
      await settled();
      const heard = socket.bytesRead;
      release();
      await closed;
      expect(socket.bytesRead).toBeGreaterThan(heard);
    }));
}

/** What it is answered goes nowhere, and it has ended its session: no idle limit closes its connection any more. */
function describeUnread(harness: ArrivalHarness): void {
  const { bytes, withAdapter } = harness;
  const ways = bytes.goodbye
    ? (['a goodbye', 'the end of its side'] as const)
    : (['the end of its side'] as const);
  const cases = ways.flatMap((way) => (['before', 'after'] as const).map((when) => ({ way, when })));

  test.each(cases)(
    'a device that reads no answer keeps no socket open once it has left: by $way, answered $when',
    async ({ way, when }) => {
      const sockets = watchAcceptedSockets();
      onTestFinished(sockets.forget);
      await withAdapter(async (adapter) => {
        const { clock, sender, sink } = adapter;
        const socket = await loggedIn(harness, adapter);
        if (hasLease(sink.events[0])) return;
        sockets.fill();
        const release = holdUploads(adapter);
        const before = sender.messages.length;
        await say(socket, bytes.upload(0));
        await sent(adapter, before + 1);
        if (when === 'before') release();
        await say(socket, bytes.upload(1));
        if (way === 'a goodbye' && bytes.goodbye) await say(socket, bytes.goodbye);
        else socket.end();
        expect((await adapter.events(2))[1]?.type).toBe('disconnected');
        release();
        await settled();
        // For each answer a second at most.
        for (let second = 0; second < 5; second++) await clock.advanceAsync(1_000);
        await expect.poll(sockets.open).toBe(0);
      });
    },
  );
}
