import { settled, type ManualClock } from '@rollcall/conformance';
import type { ConnectionEvent } from '@rollcall/core/events';
import { describe, expect, test } from 'vitest';
import type { AdapterInTest } from '@rollcall/adapter-process/testing';
import {
  hangUps,
  hasLease,
  open,
  part,
  partings,
  say,
  sent,
  sinceConnected,
  slowJournal,
  type ArrivalHarness,
  type Parting,
} from './arrival-bed.ts';

/** A device that waits for no answer. */
export function describeAllAtOnce(harness: ArrivalHarness): void {
  const { goodbye } = harness.bytes;
  describe('a device that says all it has to at once', () => {
    if (goodbye) describeWithGoodbye(harness, goodbye);
    else describeWithoutGoodbye(harness);
    describeNothingLeft(harness);
  });
}

/** Devices that come together: enough for the last ones to wait until the adapter accepts their connections. */
export const crowd = 20;

/** None is late. */
export const turnMs = 40;

/** Each turn of the event loop takes {@link turnMs} until the result is called. */
export function slowTurns(clock: ManualClock): () => void {
  const turn = (): void => {
    clock.advance(turnMs);
    next = setImmediate(turn);
  };
  let next = setImmediate(turn);
  return () => clearImmediate(next);
}

function describeWithGoodbye(harness: ArrivalHarness, goodbye: Uint8Array): void {
  test.each(partings)('was connected, and left by itself: %s', (parting) =>
    harness.withAdapter(async (adapter) => {
      await sayAllAtOnce(harness, adapter, parting);
      const [first, second] = await adapter.events(2);
      expect(first).toMatchObject({ type: 'connected' });
      expect(second).toMatchObject({ reason: 'client-closed', clean: true });
      await sent(adapter, harness.bytes.atOnce.uploads);
    }),
  );

  test.each(partings)('left within the interval that is told, however long its login takes: %s', (parting) =>
    harness.withAdapter(async (adapter) => {
      const { clock } = adapter;
      await sayAllAtOnce(harness, adapter, parting, () => clock.advanceAsync(2_000));
      const [first, second] = await adapter.events(2);
      if (second?.type !== 'disconnected') throw new Error('its end is not told');
      const [from, to] = [second.at - second.uncertaintyMs, second.at];
      const leftAt = clock.now() - 2_000;
      expect(from).toBeLessThanOrEqual(leftAt);
      expect(to).toBeGreaterThanOrEqual(leftAt);
      expect(second.lastSeen).toBe(first?.at);
    }),
  );

  test('left within the interval that is told, however many others come in the same moment', () =>
    harness.withAdapter(async (adapter) => {
      const { clock, sink } = adapter;
      const stopTime = slowTurns(clock);
      const sockets = await Promise.all(Array.from({ length: crowd }, () => open(adapter.address)));
      const saidAt = clock.now();
      for (const socket of sockets) socket.write(harness.bytes.atOnce.bytes);
      const [first] = await adapter.events(1);
      if (!hasLease(first)) await adapter.events(2 * crowd);
      stopTime();
      const endings = sink.events.filter((event) => event.type === 'disconnected');
      // A turn in which something arrives is not late, and neither is the next one, which reads it.
      const readBy = saidAt + 2 * turnMs;
      const missed = endings.filter(({ at, uncertaintyMs }) => at - uncertaintyMs > readBy || saidAt > at);
      expect(missed).toEqual([]);
    }));

  test('was never connected where the adapter stops before it is let in', () =>
    harness.withAdapter(async (adapter) => {
      const release = adapter.registry.hold();
      const socket = await open(adapter.address);
      await say(socket, harness.bytes.atOnce.bytes);
      await settled();
      const stopping = adapter.running.stop({ graceMs: 0 });
      release();
      await stopping;
      // A request that was begun is served.
      if (hasLease(adapter.sink.events[0])) return;
      expect(adapter.sink.events).toEqual([]);
    }));

  test.each(partings)('and when it left, also while the journal takes its time: %s', (parting) =>
    partBeforeTheCommit(harness, goodbye, parting, (first, second) => {
      expect(second).toMatchObject({ reason: 'client-closed', uncertaintyMs: 0 });
      expect(sinceConnected(first, second)).toEqual({ lastSeen: 20, at: 20 });
    }),
  );
}

function describeWithoutGoodbye(harness: ArrivalHarness): void {
  const { uploads } = harness.bytes.atOnce;

  test('was connected, and is as long as it stays', () =>
    harness.withAdapter(async (adapter) => {
      await sayAllAtOnce(harness, adapter, 'stays');
      await sent(adapter, uploads);
      await settled();
      expect((await adapter.events(1)).map(({ type }) => type)).toEqual(['connected']);
    }));

  test('and that closes its side was connected, and all that it said is carried out', () =>
    harness.withAdapter(async (adapter) => {
      await sayAllAtOnce(harness, adapter, 'closes its side');
      await sent(adapter, uploads);
      const [first] = await adapter.events(1);
      expect(first).toMatchObject({ type: 'connected' });
      if (!hasLease(first))
        expect((await adapter.events(2))[1]).toMatchObject({ reason: 'connection-lost', clean: false });
    }));

  test('and that is lost before its login is accepted was never connected', () =>
    harness.withAdapter(async (adapter) => {
      await sayAllAtOnce(harness, adapter, 'resets the connection');
      await settled();
      if (hasLease(adapter.sink.events[0])) return;
      expect(adapter.sink.events).toEqual([]);
      expect(adapter.sender.messages).toEqual([]);
    }));

  test.each(hangUps)('is lost from when it is, also while the journal takes its time: %s', (parting) =>
    partBeforeTheCommit(harness, harness.bytes.sign, parting, (first, second) => {
      expect(second).toMatchObject({ reason: 'connection-lost', clean: false });
      expect(sinceConnected(first, second)).toEqual({ lastSeen: 20, at: 20 });
    }),
  );
}

/** Heart-beats and time limits of a connection end with it, also where its socket closed before its session began. */
function describeNothingLeft({ bytes, withAdapter }: ArrivalHarness): void {
  test.each(partings)('leaves no timer behind once it is gone: %s', (parting) =>
    withAdapter(async (adapter) => {
      const { clock, registry, sink } = adapter;
      const before = clock.armed;
      const release = registry.hold();
      const socket = await open(adapter.address);
      await say(socket, Buffer.concat([bytes.login, bytes.broken ?? bytes.goodbye ?? bytes.sign]));
      part(socket, parting);
      await settled();
      release();
      for (let step = 0; step < 10; step += 1) await clock.advanceAsync(60_000);
      if (hasLease(sink.events[0])) return;
      expect(clock.armed).toBeLessThanOrEqual(before);
    }),
  );
}

/** All arrives, and the device is gone, before the registry says who it is. */
async function sayAllAtOnce(
  { bytes }: ArrivalHarness,
  adapter: AdapterInTest,
  parting: Parting,
  meanwhile = settled,
): Promise<void> {
  const release = adapter.registry.hold();
  const socket = await open(adapter.address);
  await say(socket, bytes.atOnce.bytes);
  part(socket, parting);
  await settled();
  await meanwhile();
  release();
}

async function partBeforeTheCommit(
  { bytes, withAdapter }: ArrivalHarness,
  last: Uint8Array,
  parting: Parting,
  check: (first: ConnectionEvent | undefined, second: ConnectionEvent | undefined) => void,
): Promise<void> {
  const { journal, begun, commit } = slowJournal();
  await withAdapter(
    async (adapter) => {
      const socket = await open(adapter.address);
      await say(socket, bytes.login);
      await begun;
      await adapter.clock.advanceAsync(20);
      await say(socket, last);
      part(socket, parting);
      await settled();
      await adapter.clock.advanceAsync(25);
      commit();
      if (!bytes.goodbye && hasLease((await adapter.events(1))[0])) return;
      const [first, second] = await adapter.events(2);
      check(first, second);
    },
    { journal },
  );
}
