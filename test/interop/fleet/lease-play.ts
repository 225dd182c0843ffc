import { setTimeout as pause } from 'node:timers/promises';
import { deviceRef } from '@rollcall/core';
import { atTheEnd } from '../../faults/support/acts.ts';
import { eventuallyNone } from '../../faults/support/eventually.ts';
import { distinct } from '../../faults/support/record.ts';
import { scale } from '../../faults/support/scale.ts';
import { deviceId } from '../../faults/support/stage.ts';
import { fleetOnStage, type FleetOnStage, type MemberOnStage } from './fleet-stage.ts';
import { endings } from './fleet-truth.ts';
import { requestingDevices, type RequestProtocol } from './requesting-devices.ts';

export const counts: Record<RequestProtocol, number> = {
  http: scale({ quick: 30, soak: 300 }),
  coap: scale({ quick: 100, soak: 300 }),
};
export const protocols: readonly RequestProtocol[] = ['http', 'coap'];
/** A row over one protocol in CI, over both in the soak. */
export const over = (quick: RequestProtocol): readonly RequestProtocol[] =>
  scale<readonly RequestProtocol[]>({ quick: [quick], soak: protocols });
/** No machine is so busy that a device is not heard within it. */
const longMs = scale({ quick: 60_000, soak: 300_000 });
export const deadAfterMs = scale({ quick: 5_000, soak: 10_000 });
export const rounds = Number(process.env['ROLLCALL_FLEET_ROUNDS'] ?? scale({ quick: 1, soak: 20 }));
export const patienceMs = 240_000;

export interface Play extends FleetOnStage {
  /** One that holds the leases, and one to which devices go. */
  readonly holder: MemberOnStage;
  readonly other: MemberOnStage;
  /** A request of each device. */
  fromAll(member: MemberOnStage): Promise<void>;
  /** Requests of each device to this one, again and again, until the condition holds. */
  fromAllUntil(member: MemberOnStage, holds: () => boolean | Promise<boolean>): Promise<void>;
  /** From now on no device says anything. */
  endDevices(): void;
  /** Each device says goodbye. */
  goodbyeFromAll(member: MemberOnStage): Promise<unknown>;
  /** Whether this adapter sees so many adapters alive. */
  sees(member: MemberOnStage, adapters: number): Promise<boolean>;
  /** Of each device, what came of its connections, oldest first. */
  connections(): ReadonlyMap<string, readonly { readonly id: string; readonly ended: string | undefined }[]>;
  /**
   * Waits until each device has one lease, and is online: no device was ever reported as disconnected. Where the engine did not answer in time, an
   * adapter began a lease of its own, and one of the two was taken over since.
   */
  haveOneLease(): Promise<readonly string[]>;
}

interface PlayOptions {
  readonly intervalMs?: number;
  /** Default: {@link deadAfterMs}. */
  readonly limitMs?: number;
  readonly clockOffsetsMs?: readonly number[];
  /** Nothing that the first adapter publishes arrives. */
  readonly isHolderMute?: boolean;
}

/** Each device has its lease at the first adapter. */
export async function play(
  protocol: RequestProtocol,
  { intervalMs = longMs, limitMs = deadAfterMs, clockOffsetsMs = [], isHolderMute = false }: PlayOptions = {},
): Promise<Play> {
  const count = counts[protocol];
  const all = Array.from({ length: count }, (_, index) => index);
  const fleet = await fleetOnStage({
    protocol,
    members: 2,
    devices: count,
    deadAfterMs: limitMs,
    environment: { ROLLCALL_LEASE_INTERVAL: String(intervalMs) },
    clockOffsetsMs,
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
      if (more.length > 0 || events.length > 2)
        throw new Error(`${device}: ${id} ended more than once: ${[ended, ...more].join()}`);
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
    async fromAllUntil(member, holds) {
      const givenUpAt = performance.now() + patienceMs;
      do {
        await begun.fromAll(member);
        await pause(500);
        if (performance.now() > givenUpAt) throw new Error('the condition never held');
      } while (!(await holds()));
    },
    endDevices: () => devices.end(),
    goodbyeFromAll: (member) => Promise.all(all.map((number) => devices.goodbye(number, member.stage.port))),
    sees: async ({ stage }, adapters) => (await stage.metric('rollcall_fleet_instances')) === adapters,
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
  if (isHolderMute) holder.toNetwork.silence();
  await begun.fromAll(holder);
  if (!isHolderMute) await begun.haveOneLease();
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
