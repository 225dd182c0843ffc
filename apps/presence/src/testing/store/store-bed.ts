import { ManualClock } from '@rollcall/conformance';
import { deviceRef } from '@rollcall/core';
import type { Clock } from '@rollcall/core/environment';
import { onTestFinished } from 'vitest';
import type { PresenceStore } from '../../store/presence-store.ts';

export const announceIntervalMs = 3_600_000;
export const device = deviceRef('acme', 'thermostat-7');

/** A database that a test can open again, and several times at once if its kind allows that. */
export interface DatabaseUnderTest {
  open(clock: Clock, maxChanges?: number): Promise<PresenceStore>;
}

/** What the tests of a store begin with. */
export interface StoreBed {
  newDatabase(): Promise<DatabaseUnderTest>;
  /** Opens a database, by default a new one. It is closed after the test. */
  given(
    database?: DatabaseUnderTest,
    clock?: ManualClock,
    maxChanges?: number,
  ): Promise<{
    readonly store: PresenceStore;
    readonly clock: ManualClock;
    /** The status of {@link device}. */
    statusOf(): Promise<string | undefined>;
  }>;
}

export function storeBed(newDatabase: StoreBed['newDatabase']): StoreBed {
  return {
    newDatabase,
    async given(database, clock = new ManualClock('2026-11-28T12:00:00Z'), maxChanges) {
      const store = await (database ?? (await newDatabase())).open(clock, maxChanges);
      onTestFinished(() => store.close());
      return { store, clock, statusOf: async () => (await store.get([device]))[0]?.presence.status };
    },
  };
}
