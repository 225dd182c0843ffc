import { settled } from '@rollcall/conformance';
import type { ConnectionEvent } from '@rollcall/core/events';
import { expect, test } from 'vitest';
import {
  hasLease,
  holdUploads,
  loggedIn,
  open,
  part,
  partings,
  say,
  sent,
  slowJournal,
  type ArrivalHarness,
} from './arrival-bed.ts';

/** Of several causes of an end the first counts, also where it waits for its turn. */
export function describeFirstEnd(harness: ArrivalHarness): void {
  const { goodbye, broken } = harness.bytes;
  if (goodbye && broken) describeBreaches(harness, Buffer.concat([broken, goodbye]));
  describeStops(harness);
}

function describeBreaches(harness: ArrivalHarness, breach: Uint8Array): void {
  const { bytes, withAdapter } = harness;
  const expected = { reason: 'protocol-error', clean: false, uncertaintyMs: 0 };

  test.each(partings)('what breaks the protocol before a goodbye ends the session: %s', (parting) =>
    withAdapter(async (adapter) => {
      const socket = await loggedIn(harness, adapter);
      await say(socket, breach);
      part(socket, parting);
      expect((await adapter.events(2))[1]).toMatchObject(expected);
    }),
  );

  test.each(partings)('the same, behind an upload that takes its time: %s', (parting) =>
    withAdapter(async (adapter) => {
      const socket = await loggedIn(harness, adapter);
      const release = holdUploads(adapter);
      const before = adapter.sender.messages.length;
      await say(socket, bytes.upload(0));
      await sent(adapter, before + 1);
      await say(socket, breach);
      part(socket, parting);
      expect((await adapter.events(2))[1]).toMatchObject(expected);
      release();
    }),
  );

  test('the same, behind a login that takes its time', () =>
    withAdapter(async (adapter) => {
      const release = adapter.registry.hold();
      const socket = await open(adapter.address);
      await say(socket, Buffer.concat([bytes.login, breach]));
      await settled();
      release();
      expect((await adapter.events(2))[1]).toMatchObject(expected);
    }));
}

/** The adapter stops while the journal takes its time to keep that a device is connected. */
function describeStops({ bytes, withAdapter }: ArrivalHarness): void {
  const { login, goodbye } = bytes;
  const drained = [undefined, 2] as const;
  const exact = { clean: true, uncertaintyMs: 0 };

  async function stopped(said: Uint8Array, drainPerSecond: number | undefined) {
    const { journal, begun, commit } = slowJournal();
    let events: readonly ConnectionEvent[] = [];
    await withAdapter(
      async (adapter) => {
        const { clock, running, sink } = adapter;
        const socket = await open(adapter.address);
        await say(socket, said);
        await begun;
        const stopping = running.stop({ graceMs: 3_000 });
        await settled();
        commit();
        for (let second = 0; second < 3; second += 1) await clock.advanceAsync(1_000);
        await stopping;
        events = sink.events;
      },
      { journal, settings: { commitWaitMs: 5_000, ...(drainPerSecond && { drainPerSecond }) } },
    );
    return events;
  }

  test.each(drained)(
    'a device that is let in while the adapter stops is ended by that: drained by %s',
    async (rate) => {
      const [first, ending, ...more] = await stopped(login, rate);
      expect(more).toEqual([]);
      // A lease goes on.
      if (hasLease(first)) expect(ending).toBeUndefined();
      else expect(ending).toMatchObject({ reason: 'adapter-shutdown', initiator: 'operator', ...exact });
    },
  );

  test.runIf(goodbye).each(drained)(
    'a device that said goodbye before the adapter stops left by itself: drained by %s',
    async (rate) => {
      const [first, ending, ...more] = await stopped(Buffer.concat([login, goodbye ?? login]), rate);
      expect([first?.type, more]).toEqual(['connected', []]);
      expect(ending).toMatchObject({ reason: 'client-closed', initiator: 'device', ...exact });
    },
  );
}
