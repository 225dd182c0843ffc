import { ManualClock, settled } from '@rollcall/conformance';
import { createMemoryJournal } from '@rollcall/outbox';
import { describe, expect, test } from 'vitest';
import type { AdapterInTest } from '@rollcall/adapter-process/testing';
import { thermostat, type AdapterBed } from './adapter-bed.ts';
import type { Login } from './adapter-harness.ts';

/** User names that failed too often at one address. */
export function describeFailedNames({ harness, can, withAdapter, connected }: AdapterBed): void {
  describe.runIf(can('proveWrong'))('a user name that failed too often at its address', () => {
    /** What a device hears that is refused; `accepted` where it is not. */
    async function outcome(adapter: AdapterInTest, login: Login): Promise<string> {
      let heard = 'nothing';
      const peer = await harness.connect(adapter.address, login, (refusal) => (heard = refusal));
      return peer ? 'accepted' : heard;
    }

    async function failTooOften(adapter: AdapterInTest): Promise<string> {
      let heard = '';
      for (let guess = 0; guess < 12; guess++) {
        const answer = await outcome(adapter, { ...thermostat, password: `guess-${guess}` });
        if (guess === 0) heard = answer;
      }
      return heard;
    }

    test.runIf(harness.temporary !== undefined)(
      'hears the same of the right and of the wrong password: that it may try again later',
      () =>
        withAdapter(async (adapter) => {
          const wrong = await failTooOften(adapter);
          const guess = await outcome(adapter, { ...thermostat, password: 'guess-me' });
          const right = await outcome(adapter, thermostat);
          expect([guess, right]).toEqual([harness.temporary, harness.temporary]);
          expect(wrong).not.toBe(harness.temporary);
          await settled();
          expect(adapter.sink.events).toEqual([]);
        }),
    );

    test('keeps out no other user of that address', () =>
      withAdapter(async (adapter) => {
        await failTooOften(adapter);
        await connected(adapter, { ...thermostat, username: 'valve-1@acme', remoteId: 'unit-2' });
        expect(await adapter.events(1)).toMatchObject([{ device: { device: 'valve-1' } }]);
      }));

    test('does not keep out who proved this password there, also after a restart', async () => {
      const journal = createMemoryJournal();
      const clock = new ManualClock();
      await withAdapter(
        async (adapter) => {
          const peer = await connected(adapter);
          await (can('leave') ? peer.leave() : peer.vanish());
          await adapter.events(1);
        },
        { journal, clock },
      );
      await withAdapter(
        async (adapter) => {
          await failTooOften(adapter);
          expect(await outcome(adapter, thermostat)).toBe('accepted');
        },
        { journal, clock },
      );
    });
  });
}
