import { deviceRef } from '@rollcall/core';
import { expect, test } from 'vitest';
import { atTheEnd, clearUpAfterEach } from './support/acts.ts';
import { keepRecord } from './support/record.ts';
import { deviceId, password, setStage, type Stage } from './support/stage.ts';

clearUpAfterEach();

const devices = [0, 1, 2];
const patience = { timeout: 60_000 };

async function posts({ port }: Stage, index: number): Promise<number> {
  const login = Buffer.from(`${deviceId(index)}@acme:${password}`).toString('base64');
  const response = await fetch(`http://127.0.0.1:${port}/telemetry`, {
    method: 'POST',
    headers: { authorization: `Basic ${login}`, 'content-type': 'text/plain', connection: 'close' },
    body: 'x',
  });
  return response.status;
}

test('devices whose leases go on are online while every run of their adapter announces them', async () => {
  const stage = setStage({
    protocol: 'http',
    devices: devices.length,
    environment: { ROLLCALL_CONNECTIONEVENTS_ANNOUNCEINTERVAL: '1000' },
  });
  atTheEnd(() => stage.strike());
  await stage.network.start();
  const { table, close } = await keepRecord(stage.networkUrl, true);
  atTheEnd(() => close());
  await stage.adapter.start();
  // There is no consumer of telemetry; the request counts nevertheless.
  for (const index of devices) expect(await posts(stage, index)).toBe(503);

  const now = () =>
    devices.map((index) => {
      const { status, connections } = { connections: [], ...table.get(deviceRef('acme', deviceId(index))) };
      return { status, instance: connections[0]?.adapter.instance };
    });
  const instances = (): ReadonlySet<string | undefined> => new Set(now().map(({ instance }) => instance));
  await expect.poll(() => now().map(({ status }) => status), patience).toEqual(devices.map(() => 'online'));
  const seen = [...instances()];
  for (const signal of ['SIGTERM', 'SIGKILL', 'SIGTERM'] as const) {
    await stage.adapter.end(signal);
    await stage.adapter.start();
    await expect
      .poll(() => instances().size === 1 && !seen.includes([...instances()][0]), patience)
      .toBe(true);
    seen.push(...instances());
    expect(now().map(({ status }) => status)).toEqual(devices.map(() => 'online'));
  }
});
