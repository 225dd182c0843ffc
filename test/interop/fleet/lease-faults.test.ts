import { setTimeout as pause } from 'node:timers/promises';
import { deviceRef } from '@rollcall/core';
import { hasDebianPackage } from '@rollcall/conformance/machine';
import { describe, expect, test } from 'vitest';
import { clearUpAfterEach } from '../../faults/support/acts.ts';
import { eventuallyNone } from '../../faults/support/eventually.ts';
import { distinct } from '../../faults/support/record.ts';
import { scale } from '../../faults/support/scale.ts';
import { deviceId, password } from '../../faults/support/stage.ts';
import { fleetOnStage, type FleetOnStage } from './fleet-stage.ts';
import { endings } from './fleet-truth.ts';

// As fleet-faults.test.ts, of devices without connections: their requests go to one adapter and then to another.

const devices = scale({ quick: 30, soak: 300 });
/** No machine is so busy that a device is not heard within it. */
const intervalMs = 60_000;
const rounds = Number(process.env['ROLLCALL_FLEET_ROUNDS'] ?? scale({ quick: 1, soak: 20 }));

clearUpAfterEach();

async function request(fleet: FleetOnStage, number: number, member: number): Promise<void> {
  const port = fleet.members[member]?.stage.port;
  const authorization = `Basic ${Buffer.from(`${deviceId(number)}@acme:${password}`).toString('base64')}`;
  const { status } = await fetch(`http://127.0.0.1:${port}/event`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'text/plain' },
    body: 'x',
  });
  // 503: the network did not take it in time. The device is there nevertheless.
  if (status !== 202 && status !== 503) throw new Error(`${deviceId(number)} got ${status}`);
}

const all = Array.from({ length: devices }, (_, index) => index);
const fromAll = (fleet: FleetOnStage, member: number): Promise<unknown> =>
  Promise.all(all.map((number) => request(fleet, number, member)));

/**
 * What is wrong with the connections of all devices, each of which was never silent. Where the engine did not answer in time, an adapter
 * began a lease of its own, and one of the two was taken over since.
 */
function notOneLease({ record }: FleetOnStage): readonly string[] {
  const byDevice = Map.groupBy(distinct(record.events), ({ device }): string => device.device);
  return all.flatMap((number) => {
    const device = deviceId(number);
    const events = byDevice.get(device) ?? [];
    const open = events.reduce((sum, { type }) => sum + (type === 'connected' ? 1 : -1), 0);
    const { status } = record.table.get(deviceRef('acme', device));
    return open === 1 && status === 'online' ? [] : [`${device}: ${open} are open, and it is ${status}`];
  });
}

/** One each, in the end, and no device was told gone. */
async function haveOneLease(fleet: FleetOnStage): Promise<readonly string[]> {
  await eventuallyNone(() => notOneLease(fleet));
  return Object.keys(endings(fleet.record)).filter((reason) => reason !== 'taken-over');
}

describe.skipIf(!hasDebianPackage('redis-server'))(
  'leases in a fleet, under faults',
  { repeats: rounds - 1, timeout: 400_000 },
  () => {
    const open = async (): Promise<FleetOnStage> => {
      const fleet = await fleetOnStage({
        protocol: 'http',
        members: 2,
        devices,
        deadAfterMs: 10_000,
        environment: { ROLLCALL_LEASE_INTERVAL: String(intervalMs) },
      });
      await fromAll(fleet, 0);
      await eventuallyNone(() => notOneLease(fleet));
      return fleet;
    };

    test('requests that go to either adapter are of one lease', async () => {
      const fleet = await open();
      for (const member of [1, 0, 1, 1, 0]) await fromAll(fleet, member);
      await pause(1_000);
      expect(await haveOneLease(fleet)).toEqual([]);
    });

    test('the engine is cut off at one adapter alone, and devices move from it: one lease each, and none is told gone', async () => {
      const fleet = await open();
      const [first] = fleet.members;
      first?.toEngine.silence();
      for (let round = 0; round < 4; round++) {
        await fromAll(fleet, 1);
        await pause(scale({ quick: 500, soak: 1_500 }));
      }
      first?.toEngine.restore();
      for (let round = 0; round < 3; round++) {
        await fromAll(fleet, 1);
        await pause(1_000);
      }
      expect(await haveOneLease(fleet)).toEqual([]);
    });
  },
);
