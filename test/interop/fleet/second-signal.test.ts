import { setTimeout as pause } from 'node:timers/promises';
import { hasDebianPackage } from '@rollcall/conformance/machine';
import { describe, expect, test } from 'vitest';
import { freePort } from '../../e2e/support/ports.ts';
import { atTheEnd, clearUpAfterEach } from '../../faults/support/acts.ts';
import { eventuallyNone } from '../../faults/support/eventually.ts';
import { fleetOnStage } from './fleet-stage.ts';
import { endings, untruths } from './fleet-truth.ts';
import { presenceBeside } from './presence-beside.ts';
import { RoamingDevices } from './roaming-devices.ts';

// Two adapters, a directory, and a presence service that they ask: who is cut off from the directory alone is not told as lost.

/** A quarter of it is what an announcement may take to the presence service, however busy the machine. */
const deadAfterMs = 20_000;
const count = 20;
const patienceMs = 240_000;

clearUpAfterEach();

describe.skipIf(!hasDebianPackage('redis-server'))(
  'a fleet with a second signal',
  { timeout: 400_000 },
  () => {
    test('an adapter that is cut off from the directory alone keeps its devices; cut off from all, they are lost', async () => {
      const apiPort = freePort();
      const fleet = await fleetOnStage({
        protocol: 'mqtt',
        members: 2,
        devices: count,
        deadAfterMs,
        environment: { ROLLCALL_DIRECTORY_PRESENCEURL: `http://127.0.0.1:${apiPort}` },
      });
      await presenceBeside({ networkUrl: fleet.networkUrl, apiPort }).start();
      const [off, living] = fleet.members;
      if (!off || !living) throw new Error('no member');
      const devices = new RoamingDevices('mqtt');
      atTheEnd(() => devices.end());
      const all = Array.from({ length: count }, (_, number) => number);
      await devices.connect(all, off.stage.port);
      await eventuallyNone(() => untruths(fleet.record, devices), patienceMs);
      await eventuallyNone(async () => {
        const { checks } = await off.stage.readiness();
        return checks.some(({ name, status }) => name === 'fleet' && status !== 'UP') ? ['not known'] : [];
      }, patienceMs);

      off.toEngine.silence();
      const said = (code: string): readonly string[] => {
        const { stdout, stderr } = living.stage.adapter.process;
        return [...stdout, ...stderr].some((line) => line.includes(code))
          ? []
          : [`there is no ${code} in its log`];
      };
      await eventuallyNone(() => said('INSTANCE_STILL_PUBLISHES'), patienceMs);
      // By then it was asked again.
      await pause(deadAfterMs * 1.5);
      expect(endings(fleet.record)).toEqual({});
      expect(devices.open()).toHaveLength(count);
      expect(said('INSTANCE_DECLARED_DEAD')).not.toEqual([]);

      off.toNetwork.silence();
      await eventuallyNone(() => {
        const lost = endings(fleet.record)['adapter-lost'] ?? 0;
        return lost === count ? [] : [`${lost} are told as lost`];
      }, patienceMs);
      expect(said('INSTANCE_DECLARED_DEAD')).toEqual([]);
      off.toEngine.restore();
      off.toNetwork.restore();
      await eventuallyNone(() => (devices.open().length === 0 ? [] : ['sockets are open']), patienceMs);
      await devices.connect(devices.lost(), off.stage.port);
      await eventuallyNone(() => untruths(fleet.record, devices), patienceMs);
      expect(endings(fleet.record)).toEqual({ 'adapter-lost': count });
    });
  },
);
