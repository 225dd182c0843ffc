import { once } from 'node:events';
import { connect } from 'node:net';
import { settled } from '@rollcall/conformance';
import { expect, test } from 'vitest';
import type { AdapterHarness, Login } from './adapter-harness.ts';
import { startForTest, type AdapterInTest } from '@rollcall/adapter-process/testing';

const perSecond = 2;
const graceMs = 3_000;

/** Sessions of a real client end one after the other; leases are not sessions, and are not waited for. */
export function describeDrain(
  { createAdapter, connect: logIn, bytes }: AdapterHarness,
  logins: Login[],
): void {
  const ends = ({ sink }: AdapterInTest): string[] =>
    sink.events.flatMap((event) => (event.type === 'disconnected' ? [event.reason] : []));
  const shutdowns = (count: number): string[] => Array.from({ length: count }, () => 'adapter-shutdown');

  test('a stop that drains ends sessions one after the other, lets no device in, and ends the rest when its time is over', async () => {
    const adapter = await startForTest(createAdapter(), {
      settings: { drainPerSecond: perSecond, health: { host: '127.0.0.1', port: 0 } },
    });
    const { clock, running, address, sink } = adapter;
    for (const login of logins) expect(await logIn(address, login)).toBeDefined();
    await adapter.events(logins.length);
    const sessions = sink.events.filter(({ basis }) => basis.kind === 'session').length;
    const stopping = running.stop({ graceMs });
    if (sessions > 0) {
      await expect.poll(() => adapter.logged.map(({ message }) => message)).toContain('draining');
      expect(ends(adapter)).toEqual([]);
      const readiness = await fetch(`http://127.0.0.1:${running.healthPort}/readiness`);
      expect(readiness.status).toBe(503);
      if (bytes) {
        const newcomer = connect(address);
        expect(await once(newcomer, 'error').catch((error: unknown) => [error])).toMatchObject([
          { code: 'ECONNREFUSED' },
        ]);
      }
      for (let seconds = 1; seconds * 1_000 < graceMs; seconds++) {
        await clock.advanceAsync(1_000);
        await settled();
        expect(ends(adapter)).toEqual(shutdowns(Math.min(sessions, seconds * perSecond)));
      }
      await clock.advanceAsync(1_000);
    }
    await stopping;
    expect(running.lost).toEqual([]);
    expect(ends(adapter)).toEqual(shutdowns(sessions));
    expect(clock.armed, 'no deadline outlives the adapter').toBe(0);
  });
}
