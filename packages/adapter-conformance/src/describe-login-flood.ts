import { setTimeout as wait } from 'node:timers/promises';
import { deviceRef } from '@rollcall/core';
import type { AssertionAnswer, DeviceRegistry } from '@rollcall/core/registry';
import { describe, expect, test } from 'vitest';
import type { ListenAddress, ProtocolAdapter } from '@rollcall/adapter-kit';
import { scriptedPassword, ScriptedRegistry } from '@rollcall/conformance/registry';
import { startForTest, type AdapterInTest } from '@rollcall/adapter-process/testing';

export interface LoginFloodHarness {
  /** Listens on loopback, port 0. */
  createAdapter(): ProtocolAdapter;
  /** Logs in and leaves: `accepted`, or what the device heard. */
  logIn(address: ListenAddress, username: string, password: string): Promise<string>;
  /** What a device hears whose credentials are wrong, and what one hears that is to try again later. */
  readonly wrong: string;
  readonly temporary: string;
}

/** Answers as every adapter has them by default. */
export const realisticLogins = {
  failureAnswerMs: 300,
  throttledAnswerMs: { least: 1_000, most: 5_000 },
  isShared: () => false,
};
const newcomers = 40;
const everyMs = 250;
/** More than there are places in which a throttled try waits for its answer: the others are answered at once. */
const flooders = 230;

/** Any number of devices, `sensor-…` of `acme`. */
export class ManyDevices extends ScriptedRegistry {
  override async getCredentials(query: Parameters<DeviceRegistry['getCredentials']>[0]) {
    const { tenant, type, authId } = query;
    if (!authId.startsWith('sensor-')) return super.getCredentials(query) as never;
    const device = deviceRef(tenant, authId);
    return {
      status: 'found',
      value: { device, type, authId, enabled: true, secrets: this.secrets[type] },
    } as never;
  }

  override async assertRegistration(
    ...[device, gateway]: Parameters<DeviceRegistry['assertRegistration']>
  ): Promise<AssertionAnswer> {
    return device.device.startsWith('sensor-')
      ? { status: 'found', value: { device, defaults: {} } }
      : super.assertRegistration(device, gateway);
  }
}

/**
 * A flood of wrong passwords, with honest devices beside it that have the same address: those that log in for the first time,
 * and one that is known. In real time, for `test:soak`; the figures are printed.
 */
export function describeLoginFlood(name: string, harness: LoginFloodHarness): void {
  describe(`${name}: honest devices beside a flood of wrong passwords`, () => {
    test('flat out, behind a balancer that hides addresses, under the name of a device that never logged in', async () => {
      const adapter = await startForTest(harness.createAdapter(), {
        registry: new ManyDevices(),
        settings: { logins: { ...realisticLogins, isShared: () => true } },
      });
      const stopTime = letTimePass(adapter);
      const logIn = (password: string): Promise<string> =>
        harness.logIn(adapter.address, 'sensor-1@acme', password);
      const stopFlood = startFlood(Infinity, async (guess) => void (await logIn(`guess-${guess}`)));
      await wait(10_000);
      const begunAt = performance.now();
      let heard: string;
      do {
        heard = await logIn(scriptedPassword);
        await wait(1_000);
      } while (heard === harness.temporary && performance.now() - begunAt < 60_000);
      const tookMs = performance.now() - begunAt;
      await stopFlood();
      stopTime();
      await adapter.running.stop({ graceMs: 0 });
      console.log(`${name}, behind a balancer: ${heard} after ${tookMs.toFixed(0)} ms`);
      expect(heard).toBe('accepted');
      expect(tookMs).toBeLessThan(30_000);
    }, 180_000);

    test.each([
      ['10 a second, under the name of a known device', 10, () => 'sensor-0@acme'],
      ['flat out, under the name of a known device', Infinity, () => 'sensor-0@acme'],
      [
        '10 a second, under a thousand names',
        10,
        (guess: number) => `sensor-${1_000 + (guess % 1_000)}@acme`,
      ],
      ['50 a second, under invented names', 50, (guess: number) => `nobody-${guess}@tenant-${guess % 7}`],
      ['200 a second, under invented names', 200, (guess: number) => `nobody-${guess}@acme`],
    ])('%s', { timeout: 120_000 }, async (flood, perSecond, nameOf) => {
      const adapter = await startForTest(harness.createAdapter(), {
        registry: new ManyDevices(),
        settings: { logins: realisticLogins },
      });
      const stopTime = letTimePass(adapter);
      const logIn = (username: string, password: string): Promise<string> =>
        harness.logIn(adapter.address, username, password);
      expect(await logIn('sensor-0@acme', scriptedPassword)).toBe('accepted');

      const heard = new Map<string, number>();
      const stopFlood = startFlood(perSecond, async (guess) => {
        const what = await logIn(nameOf(guess), `guess-${guess}`);
        heard.set(what, (heard.get(what) ?? 0) + 1);
      });
      await wait(2_000);
      const first = new Figures();
      const known = new Figures();
      const running: Promise<void>[] = [];
      for (let device = 1; device <= newcomers; device++) {
        running.push(
          first.measure(() => logIn(`sensor-${device}@acme`, scriptedPassword)),
          known.measure(() => logIn('sensor-0@acme', scriptedPassword)),
        );
        await wait(everyMs);
      }
      await Promise.all(running);
      await stopFlood();
      stopTime();
      await adapter.running.stop({ graceMs: 0 });
      console.log(
        `${name}, ${flood}: first logins ${first.text()}; known device ${known.text()}; flood heard ${JSON.stringify(Object.fromEntries(heard))}`,
      );
      expect([...heard.keys()].filter((each) => each !== harness.wrong)).toEqual(
        [...heard.keys()].includes(harness.temporary) ? [harness.temporary] : [],
      );
      expect([first.accepted, known.accepted]).toEqual([newcomers, newcomers]);
    });
  });
}

class Figures {
  readonly #ms: number[] = [];
  readonly #heard: string[] = [];

  async measure(logIn: () => Promise<string>): Promise<void> {
    const begunAt = performance.now();
    this.#heard.push(await logIn());
    this.#ms.push(performance.now() - begunAt);
  }

  get accepted(): number {
    return this.#heard.filter((each) => each === 'accepted').length;
  }

  text(): string {
    const sorted = this.#ms.toSorted((a, b) => a - b);
    const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(0);
    return `${this.accepted} of ${this.#heard.length}, ${at(0.5)} ms (p99 ${at(0.99)} ms)`;
  }
}

/** Tries so many times a second, or as fast as {@link flooders} connections at a time can. The result stops it. */
function startFlood(perSecond: number, attempt: (guess: number) => Promise<void>): () => Promise<void> {
  const over = new AbortController();
  let guesses = 0;
  const tries: Promise<void>[] = [];
  async function hurry(): Promise<void> {
    while (!over.signal.aborted) await attempt(guesses++);
  }
  async function keepPace(): Promise<void> {
    while (!over.signal.aborted) {
      tries.push(attempt(guesses++));
      await wait(1_000 / perSecond);
    }
  }
  const running = perSecond === Infinity ? Array.from({ length: flooders }, () => hurry()) : [keepPace()];
  return async () => {
    over.abort();
    await Promise.all(running);
    await Promise.all(tries);
  };
}

/** The clock of a test, as if it were the system's. */
export function letTimePass({ clock }: Pick<AdapterInTest, 'clock'>): () => void {
  let before = performance.now();
  const beat = setInterval(() => {
    const passedMs = Math.floor(performance.now() - before);
    clock.advance(passedMs);
    before += passedMs;
  }, 5);
  return () => clearInterval(beat);
}
