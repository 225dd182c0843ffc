import { hasDebianPackage } from '@rollcall/conformance/machine';
import { describe, expect, test } from 'vitest';
import { freePort } from '../../e2e/support/ports.ts';
import { atTheEnd, clearUpAfterEach } from '../../faults/support/acts.ts';
import { eventuallyNone } from '../../faults/support/eventually.ts';
import { fleetOnStage } from './fleet-stage.ts';
import { untruths } from './fleet-truth.ts';
import { presenceBeside } from './presence-beside.ts';
import { RoamingDevices } from './roaming-devices.ts';

// Two adapters, a directory, and a presence service that begins with nothing: it has them announce what is open.

const count = 60;
const patienceMs = 240_000;

clearUpAfterEach();

describe.skipIf(!hasDebianPackage('redis-server'))(
  'a presence service that knows nobody',
  { timeout: 300_000 },
  () => {
    test('knows all devices of the fleet long before they are announced by themselves', async () => {
      const fleet = await fleetOnStage({ protocol: 'mqtt', members: 2, devices: count, deadAfterMs: 5_000 });
      const devices = new RoamingDevices('mqtt');
      atTheEnd(() => devices.end());
      for (const [index, { stage }] of fleet.members.entries())
        await devices.connect(
          Array.from({ length: count }, (_, number) => number).filter((number) => number % 2 === index),
          stage.port,
        );
      await eventuallyNone(() => untruths(fleet.record, devices), patienceMs);

      const service = presenceOf(fleet.networkUrl, fleet.engine.url);
      await service.start();
      await eventuallyNone(async () => {
        const online = await service.online();
        return online === count ? [] : [`${online} are known`];
      }, patienceMs);
      expect(service.logged('were asked to announce what is open')).toBe(1);
      // Devices did not notice, and no connection is told twice.
      expect(devices.open()).toHaveLength(count);
      expect(untruths(fleet.record, devices)).toEqual([]);
    });
  },
);

/** What it knows, and says. */
function presenceOf(networkUrl: string, directoryUrl: string) {
  const apiPort = freePort();
  const environment = { ROLLCALL_DIRECTORY_URL: directoryUrl };
  const service = presenceBeside({ networkUrl, apiPort, environment });
  const url = `http://127.0.0.1:${apiPort}/v1/tenants`;
  return {
    start: () => service.start(),
    logged: (text: string) => service.process.stdout.filter((line) => line.includes(text)).length,
    async online(): Promise<number> {
      const { tenants } = (await (await fetch(url)).json()) as { readonly tenants: readonly string[] };
      let sum = 0;
      for (const tenant of tenants) {
        const answer = await fetch(`${url}/${tenant}/devices?status=online&limit=1000`);
        sum += ((await answer.json()) as { readonly devices: readonly unknown[] }).devices.length;
      }
      return sum;
    },
  };
}
