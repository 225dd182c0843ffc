import { settled } from '@rollcall/conformance';
import { describe, expect, test } from 'vitest';
import type { AdapterInTest } from '@rollcall/adapter-process/testing';
import { thermostat, type AdapterBed } from './adapter-bed.ts';
import type { Login } from './adapter-harness.ts';

/** A device that opens more sessions than it may have. */
export function describeSessionLimit({ harness, can, withAdapter, connected }: AdapterBed): void {
  describe.runIf(can('multiply'))('a device with as many connections as it may have', () => {
    const unit = (number: number): Login => ({ ...thermostat, remoteId: `unit-${number}` });
    const ends = ({ sink }: AdapterInTest): string[] =>
      sink.events.flatMap((event) => (event.type === 'disconnected' ? [event.reason] : []));

    test('is refused another while they talk, and keeps them all', () =>
      withAdapter(
        async (adapter) => {
          for (const number of [1, 2]) await connected(adapter, unit(number));
          for (const number of [3, 4, 3])
            expect(await harness.connect(adapter.address, unit(number))).toBeUndefined();
          await connected(adapter, { ...thermostat, username: 'valve-1@acme' });
          await adapter.events(3);
          await settled();
          expect(adapter.sink.events).toHaveLength(3);
        },
        { settings: { maxSessionsPerDevice: 2 } },
      ));

    test('gets another in place of one that was silent for longer than its keep-alive', () =>
      withAdapter(
        async (adapter) => {
          await (await connected(adapter, unit(1))).fallSilent();
          await adapter.events(1);
          await adapter.clock.advanceAsync(harness.silenceMs - 1);
          await connected(adapter, unit(2));
          await adapter.events(3);
          expect(ends(adapter)).toEqual(['limit-exceeded']);
          expect(await harness.connect(adapter.address, unit(3))).toBeUndefined();
        },
        { settings: { maxSessionsPerDevice: 1 } },
      ));

    test('is refused another where what the first one says may wait to be read', () =>
      withAdapter(
        async (adapter) => {
          await (await connected(adapter, unit(1))).fallSilent();
          await adapter.events(1);
          adapter.clock.stall(harness.silenceMs - 1);
          expect(await harness.connect(adapter.address, unit(2))).toBeUndefined();
          expect(ends(adapter)).toEqual([]);
        },
        { settings: { maxSessionsPerDevice: 1 }, watchLoop: true },
      ));

    test('may have as many as its tenant says', () =>
      withAdapter(
        async (adapter) => {
          for (const number of [1, 2, 3]) await connected(adapter, unit(number));
          await adapter.events(3);
          expect(await harness.connect(adapter.address, unit(4))).toBeUndefined();
        },
        { settings: { maxSessionsPerDevice: 1 }, tenant: { maxConnectionsPerDevice: 3 } },
      ));

    test('may have any number where the limit is 0', () =>
      withAdapter(
        async (adapter) => {
          for (const number of [1, 2, 3]) await connected(adapter, unit(number));
          await adapter.events(3);
          expect(ends(adapter)).toEqual([]);
        },
        { settings: { maxSessionsPerDevice: 0 } },
      ));
  });
}
