import { setTimeout as wait } from 'node:timers/promises';
import type { PasswordSecret, PasswordVerifier } from '@rollcall/core/registry';
import { describe, expect, test } from 'vitest';
import { letTimePass, ManyDevices, realisticLogins, type LoginFloodHarness } from './describe-login-flood.ts';
import { startForTest } from '@rollcall/adapter-process/testing';

export interface LoginTimesHarness extends LoginFloodHarness {
  /** Verifies slow hashes, in real time. */
  createPasswords(): PasswordVerifier;
  /** Hashed slowly. */
  readonly secret: PasswordSecret;
}

/** Of each kind, at least. */
const tries = 60;

/**
 * When wrong passwords are told, for names that exist and for others, in turns: a stranger must not learn from it which is which. In
 * real time, for `test:soak`; the figures are printed.
 */
export function describeLoginTimes(name: string, harness: LoginTimesHarness): void {
  describe(`${name}: wrong passwords are told at the same times, whether the name exists or not`, () => {
    test.each([
      ['one at a time', 1, false],
      ['10 at once, of one name', 10, true],
      ['10 at once, of as many names', 10, false],
      ['50 at once, of as many names', 50, false],
    ] as const)('%s', { timeout: 300_000 }, async (how, count, ofOneName) => {
      const registry = new ManyDevices();
      registry.secrets = { ...registry.secrets, 'hashed-password': [harness.secret] };
      const adapter = await startForTest(harness.createAdapter(), {
        registry,
        passwords: harness.createPasswords(),
        settings: { logins: realisticLogins },
      });
      const stopTime = letTimePass(adapter);
      const tookMs = { sensor: [] as number[], nobody: [] as number[] };
      const codes = new Set<string>();
      async function attempt(kind: keyof typeof tookMs, round: number, index: number): Promise<void> {
        const begunAt = performance.now();
        const username = `${kind}-${round}-${ofOneName ? 0 : index}@acme`;
        codes.add(await harness.logIn(adapter.address, username, `guess-${index}`));
        tookMs[kind].push(performance.now() - begunAt);
      }
      // What a comparison takes is not known before the first one.
      await attempt('sensor', -1, 0);
      tookMs.sensor.length = 0;
      for (let round = 0; round * count < tries; round++)
        for (const kind of ['sensor', 'nobody'] as const) {
          await Promise.all(Array.from({ length: count }, (_, index) => attempt(kind, round, index)));
          await wait(300);
        }
      stopTime();
      await adapter.running.stop({ graceMs: 0 });
      const [known, unknown] = [quantiles(tookMs.sensor), quantiles(tookMs.nobody)];
      console.log(
        `${name}, ${how}: names that exist ${known.join(', ')} ms, others ${unknown.join(', ')} ms`,
      );
      expect([...codes]).toEqual([harness.wrong]);
      // How long a comparison takes differs with what else the machine does.
      for (const [at, ms] of known.entries()) {
        const other = unknown[at] ?? 0;
        expect(Math.abs(ms - other)).toBeLessThan(realisticLogins.failureAnswerMs + Math.max(ms, other) / 2);
      }
    });
  });
}

/** p10, p50, p90. */
function quantiles(values: readonly number[]): readonly number[] {
  const sorted = values.toSorted((a, b) => a - b);
  return [0.1, 0.5, 0.9].map((share) => Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0));
}
