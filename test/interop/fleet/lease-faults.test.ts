import { setTimeout as pause } from 'node:timers/promises';
import { deviceRef } from '@rollcall/core';
import { hasDebianPackage } from '@rollcall/conformance/machine';
import { describe, expect, test } from 'vitest';
import { atTheEnd, clearUpAfterEach } from '../../faults/support/acts.ts';
import { eventuallyNone } from '../../faults/support/eventually.ts';
import { distinct } from '../../faults/support/record.ts';
import { scale } from '../../faults/support/scale.ts';
import { deviceId } from '../../faults/support/stage.ts';
import { fleetOnStage, kill, type FleetOnStage, type MemberOnStage } from './fleet-stage.ts';
import { endings } from './fleet-truth.ts';
import { requestingDevices, type RequestProtocol } from './requesting-devices.ts';

// As fleet-faults.test.ts, of devices without connections: their requests go to one adapter and then to another.

const counts: Record<RequestProtocol, number> = {
  http: scale({ quick: 30, soak: 300 }),
  coap: scale({ quick: 100, soak: 300 }),
};
const protocols: readonly RequestProtocol[] = ['http', 'coap'];
/** A row over one protocol in CI, over both in the soak. */
const over = (quick: RequestProtocol): readonly RequestProtocol[] =>
  scale<readonly RequestProtocol[]>({ quick: [quick], soak: protocols });
/** No machine is so busy that a device is not heard within it. */
const longMs = 60_000;
const deadAfterMs = scale({ quick: 5_000, soak: 10_000 });
const rounds = Number(process.env['ROLLCALL_FLEET_ROUNDS'] ?? scale({ quick: 1, soak: 20 }));
const patienceMs = 120_000;

clearUpAfterEach();

interface Play extends FleetOnStage {
  /** One that holds the leases, and one to which devices go. */
  readonly holder: MemberOnStage;
  readonly other: MemberOnStage;
  /** A request of each device. */
  fromAll(member: MemberOnStage): Promise<void>;
  /** Of each device, what came of its connections, oldest first. */
  connections(): ReadonlyMap<string, readonly { readonly id: string; readonly ended: string | undefined }[]>;
  /**
   * Waits until each device has one lease, and is online: none was ever told gone. Where the engine did not answer in time, an
   * adapter began a lease of its own, and one of the two was taken over since.
   */
  haveOneLease(): Promise<readonly string[]>;
}

/** Each device has its lease at the first adapter. */
async function play(protocol: RequestProtocol, intervalMs = longMs): Promise<Play> {
  const count = counts[protocol];
  const all = Array.from({ length: count }, (_, index) => index);
  const fleet = await fleetOnStage({
    protocol,
    members: 2,
    devices: count,
    deadAfterMs,
    environment: { ROLLCALL_LEASE_INTERVAL: String(intervalMs) },
  });
  const [holder, other] = fleet.members;
  if (!holder || !other) throw new Error('two adapters were asked for');
  const devices = requestingDevices(protocol);
  atTheEnd(() => devices.end());
  const { record } = fleet;

  const connections: Play['connections'] = () => {
    const found = new Map<string, { readonly id: string; ended: string | undefined }[]>();
    const byConnection = Map.groupBy(distinct(record.events), ({ connectionId }) => connectionId);
    for (const [id, events] of byConnection) {
      const device = events[0]?.device.device ?? '';
      const [ended, ...more] = events.flatMap((event) =>
        event.type === 'disconnected' ? [event.reason] : [],
      );
      if (more.length > 0 || events.length > 2) throw new Error(`${device}: ${id} ended more than once`);
      found.set(device, [...(found.get(device) ?? []), { id, ended }]);
    }
    return found;
  };
  const notOneLease = (): readonly string[] => {
    const found = connections();
    return all.flatMap((number) => {
      const device = deviceId(number);
      const open = (found.get(device) ?? []).filter(({ ended }) => ended === undefined).length;
      const { status } = record.table.get(deviceRef('acme', device));
      return open === 1 && status === 'online' ? [] : [`${device}: ${open} are open, and it is ${status}`];
    });
  };
  let latest = holder;
  const begun: Play = {
    ...fleet,
    holder,
    other,
    async fromAll(member) {
      latest = member;
      await Promise.all(all.map((number) => devices.request(number, member.stage.port)));
    },
    connections,
    async haveOneLease() {
      await eventuallyNone(async () => {
        const problems = notOneLease();
        // Who is silent for long is gone, and rightly so.
        if (problems.length > 0) await begun.fromAll(latest);
        return problems;
      }, patienceMs);
      return Object.keys(endings(record)).filter((reason) => reason !== 'taken-over');
    },
  };
  await begun.fromAll(holder);
  await begun.haveOneLease();
  await isKnown(begun);
  return begun;
}

/** What the directory was not told before an adapter dies, that adapter alone can tell. */
async function isKnown({ members }: FleetOnStage): Promise<void> {
  await eventuallyNone(async () => {
    const checks = (await Promise.all(members.map(({ stage }) => stage.readiness()))).flatMap(
      (each) => each.checks,
    );
    return checks.flatMap(({ name, status }) => (name === 'fleet' && status !== 'UP' ? [status] : []));
  }, patienceMs);
}

describe.skipIf(!hasDebianPackage('redis-server'))(
  'leases in a fleet, under faults',
  { repeats: rounds - 1, timeout: 400_000 },
  () => {
    test.each(protocols)('requests that go to either adapter are of one lease (%s)', async (protocol) => {
      const fleet = await play(protocol);
      const { holder, other } = fleet;
      for (const member of [other, holder, other, other, holder]) await fleet.fromAll(member);
      await pause(1_000);
      expect(await fleet.haveOneLease()).toEqual([]);
    });

    test.each(over('coap'))(
      'the engine is cut off at one adapter alone, and devices move from it: one lease each, and none is told gone (%s)',
      async (protocol) => {
        const fleet = await play(protocol);
        const { holder, other } = fleet;
        holder.toEngine.silence();
        for (let round = 0; round < 4; round++) {
          await fleet.fromAll(other);
          await pause(scale({ quick: 500, soak: 1_500 }));
        }
        holder.toEngine.restore();
        for (let round = 0; round < 3; round++) {
          await fleet.fromAll(other);
          await pause(1_000);
        }
        expect(await fleet.haveOneLease()).toEqual([]);
      },
    );

    const restarts = ['never', 'after 1 s'] as const;
    test.each(over('coap').flatMap((protocol) => restarts.map((restart) => [protocol, restart] as const)))(
      'the holder is killed, and its devices go to the other: one lease each, and none is told gone (%s, started again: %s)',
      async (protocol, restart) => {
        const fleet = await play(protocol);
        const { holder, other } = fleet;
        const before = fleet.connections();
        await kill(holder);
        if (restart === 'after 1 s') await pause(1_000).then(() => holder.stage.adapter.start());
        const until = performance.now() + 1.2 * deadAfterMs;
        while (performance.now() < until) {
          await fleet.fromAll(other);
          await pause(1_000);
        }
        if (restart === 'after 1 s') await fleet.fromAll(holder);
        expect(await fleet.haveOneLease()).toEqual([]);
        for (const [device, [first]] of before)
          expect(fleet.connections().get(device)?.[0], 'it goes on, or was taken over').toMatchObject({
            id: first?.id,
          });
      },
    );

    const standstills = scale({ quick: [2], soak: [0.5, 2, 6] });
    test.each(over('coap').flatMap((protocol) => standstills.map((share) => [protocol, share] as const)))(
      'the holder stands still, and its devices go to the other: one lease each, and none is told gone (%s, %d times the limit)',
      async (protocol, share) => {
        const fleet = await play(protocol);
        const { holder, other } = fleet;
        holder.stage.adapter.freeze();
        const until = performance.now() + share * deadAfterMs;
        do {
          await fleet.fromAll(other);
          await pause(500);
        } while (performance.now() < until);
        holder.stage.adapter.thaw();
        await fleet.fromAll(holder);
        await fleet.fromAll(other);
        await pause(1_000);
        expect(await fleet.haveOneLease()).toEqual([]);
      },
    );

    // It takes half a minute.
    test.each(scale<readonly RequestProtocol[]>({ quick: [], soak: protocols }))(
      'the holder is killed, and no one hears its devices again: each is told gone once (%s)',
      async (protocol) => {
        const fleet = await play(protocol, 20_000);
        await kill(fleet.holder);
        const lost = { 'adapter-lost': counts[protocol] };
        await eventuallyNone(() => {
          const got = endings(fleet.record);
          return JSON.stringify(got) === JSON.stringify(lost) ? [] : [JSON.stringify(got)];
        }, patienceMs);
        await fleet.holder.stage.adapter.start();
        await pause(2_000);
        expect(endings(fleet.record)).toEqual(lost);
        expect([...fleet.connections().values()].every(({ length }) => length === 1)).toBe(true);
      },
    );
  },
);
