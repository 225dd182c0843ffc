import { settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import type { AdapterHarness, Login } from './adapter-harness.ts';
import { createLateJournal, type LateJournal } from '@rollcall/outbox/testing';
import { startForTest, type AdapterInTest } from '@rollcall/adapter-process/testing';

const commitWaitMs = 50;

interface LateAdapter {
  readonly adapter: AdapterInTest;
  readonly journal: LateJournal;
}

/** What a device was told outlives the adapter: see `OpenConnection.committed`. */
export function describeCommits(
  { createAdapter, connect, answersGoodbye = false }: AdapterHarness,
  login: Login,
): void {
  async function withLateJournal(use: (late: LateAdapter) => Promise<void>): Promise<void> {
    const journal = createLateJournal();
    const adapter = await startForTest(createAdapter(), { journal, settings: { commitWaitMs } });
    try {
      await use({ adapter, journal });
    } finally {
      journal.catchUp();
      await adapter.running.stop({ graceMs: 0 });
    }
  }

  /** Lets time pass until the answer is there. */
  async function answeredInTime<Answer>(answer: Promise<Answer>, { adapter }: LateAdapter): Promise<Answer> {
    await settled();
    await adapter.clock.advanceAsync(commitWaitMs);
    return answer;
  }

  test('a device hears that it is let in once the journal has it', () =>
    withLateJournal(async ({ adapter, journal }) => {
      const told: string[] = [];
      const connecting = connect(adapter.address, login).finally(() => told.push('answered'));
      await expect.poll(() => journal.uncommitted).toBe(1);
      await settled();
      expect(told).toEqual([]);
      journal.commit();
      expect(await connecting).toBeDefined();
    }));

  test('where the journal is slow, it hears so after a while', () =>
    withLateJournal(async (late) => {
      const connecting = connect(late.adapter.address, login);
      await expect.poll(() => late.journal.uncommitted).toBe(1);
      expect(await answeredInTime(connecting, late)).toBeDefined();
    }));

  test.runIf(answersGoodbye)('its goodbye is answered once the journal has it, however late it is', () =>
    withLateJournal(async (late) => {
      const { adapter, journal } = late;
      const connecting = connect(adapter.address, login);
      await expect.poll(() => journal.uncommitted).toBe(1);
      const peer = await answeredInTime(connecting, late);
      const told: string[] = [];
      const leaving = peer?.leave().finally(() => told.push('answered'));
      // A request waits for its lease before its body is read, for so long at most.
      const lately = async (): Promise<number> => {
        await adapter.clock.advanceAsync(1);
        return journal.uncommitted;
      };
      await expect.poll(lately, { interval: 1 }).toBe(2);
      // What it was let in with is not its goodbye.
      journal.commit();
      await settled();
      expect(told).toEqual([]);
      journal.commit();
      await leaving;
    }),
  );
}
