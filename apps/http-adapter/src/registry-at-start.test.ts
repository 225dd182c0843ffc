import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startForTest, type TestSetting } from '@rollcall/adapter-process/testing';
import { ManualClock } from '@rollcall/conformance';
import { scriptedPassword } from '@rollcall/conformance/registry';
import { silentLog, systemRandom } from '@rollcall/core/environment';
import { createPasswordVerifier, openFileRegistry } from '@rollcall/device-registry';
import { createMemoryJournal } from '@rollcall/outbox';
import { afterEach, expect, test } from 'vitest';
import { createHttpAdapter } from './adapter.ts';
import { options } from './testing/options.ts';

const folder = mkdtempSync(join(tmpdir(), 'rollcall-http-registry-'));
const file = join(folder, 'registry.json');
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  rmSync(folder, { recursive: true, force: true });
});

function write(devices: number): void {
  const secrets = [{ 'pwd-plain': scriptedPassword }];
  const tenant = {
    'tenant-id': 'acme',
    devices: Array.from({ length: devices }, (_, index) => ({
      'device-id': `d${index}`,
      credentials: [{ type: 'hashed-password', 'auth-id': `d${index}`, secrets }],
    })),
  };
  writeFileSync(file, JSON.stringify({ tenants: [tenant] }));
  // It has settled long ago.
  utimesSync(file, 0, 0);
}

const journal = createMemoryJournal();
const clock = new ManualClock();

/** One run of the adapter, on the registry file and the journal of all. */
async function run() {
  const registry = await openFileRegistry({
    file,
    clock,
    log: silentLog,
    holdMs: 5_000,
    rememberIn: join(folder, 'http-0.registry'),
  });
  // A scripted registry is what other tests have: the adapter asks for the port alone.
  const setting = { registry: registry as unknown as NonNullable<TestSetting['registry']> };
  const passwords = createPasswordVerifier({ clock, random: systemRandom, log: silentLog });
  const adapter = await startForTest(createHttpAdapter(options), { ...setting, passwords, journal, clock });
  const stop = async (): Promise<void> => {
    await adapter.running.stop({ graceMs: 0 });
    await Promise.all([registry.close(), passwords.close()]);
  };
  const request = async (device: string): Promise<number> => {
    const authorization = `Basic ${Buffer.from(`${device}@acme:${scriptedPassword}`).toString('base64')}`;
    const url = `http://127.0.0.1:${adapter.address.port}/telemetry`;
    const headers = { authorization, 'content-type': 'text/plain' };
    return (await fetch(url, { method: 'POST', headers, body: 'x' })).status;
  };
  const causes = (): readonly string[] =>
    adapter.sink.events.map((event) => (event.type === 'connected' ? 'connected' : event.reason));
  return { registry, stop, request, causes };
}

test('a device that is missing in a cut-off file keeps its lease over a restart until the hold time is over', async () => {
  write(100);
  const first = await run();
  expect(await first.request('d99')).toBe(202);
  await first.stop();
  write(60);
  const second = await run();
  closing.push(second.stop);
  expect(await second.request('d99'), 'it is asked to come again').toBe(503);
  expect(await second.request('d100'), 'it never was').toBe(401);
  expect(await second.request('d0')).toBe(202);
  expect(second.causes(), 'of d0').toEqual(['connected']);
  // Looks at the file need real time; the lease would run out only after ten minutes of the manual clock.
  while (second.registry.state().heldDevices > 0) {
    clock.advance(500);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await expect.poll(second.causes).toEqual(['connected', 'access-revoked']);
  expect(await second.request('d99')).toBe(401);
});
