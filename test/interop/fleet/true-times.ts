import type { ReceivedEvent } from '@rollcall/hono-wire';
import { crowding } from '../../faults/support/crowding.ts';
import { distinct, type EventRecord } from '../../faults/support/record.ts';
import { scale } from '../../faults/support/scale.ts';
import { wallClockMovedMs } from '../../faults/support/wall-clock.ts';
import type { MemberOnStage } from './fleet-stage.ts';
import type { RoamingDevices } from './roaming-devices.ts';

type Disconnected = Extract<ReceivedEvent, { type: 'disconnected' }>;
type Visit = RoamingDevices['visits'][number];

/** Time stamps of two processes may differ by their rounding, and by what the wall clock was set or slewed meanwhile. */
const clockMs = (): number => 3 + wallClockMovedMs();

/** How long the machine may take from a device's write to the adapter's read, which no adapter can measure. */
const lateMs = (): number => scale({ quick: 60_000, soak: 400 * crowding() });

/** Endings that say a time at which their device was not gone yet, or that it was gone for longer, in words. */
export function untrueTimes(
  record: EventRecord,
  devices: RoamingDevices,
  members: readonly MemberOnStage[],
): readonly string[] {
  const visits = Map.groupBy(devices.visits, ({ device, localPort }) => `${device}:${localPort}`);
  return distinct(record.events).flatMap((event) => {
    if (event.type !== 'disconnected') return [];
    const port = event.remoteAddress?.slice(event.remoteAddress.lastIndexOf(':') + 1);
    // The system may have given a device one port twice.
    const [visit, ...others] = visits.get(`${event.device.device}:${port}`) ?? [];
    const ended = visit && others.length === 0 ? trueEnd(event, visit, members) : undefined;
    const { at, lastSeen, connectedAt, uncertaintyMs, reason, device } = event;
    const problems: string[] = [];
    if (connectedAt > lastSeen || lastSeen > at || uncertaintyMs < 0) problems.push('impossible times');
    if (ended && (ended.at > at + clockMs() || ended.at < at - uncertaintyMs - ended.lateMs - clockMs()))
      problems.push(`ended at ${ended.at}, outside of [${at - uncertaintyMs}, ${at}]`);
    return problems.map((problem) => `${device.device} ${reason}: ${problem}`);
  });
}

/** When a connection truly ended, where the test knows: its device said goodbye, or its adapter was killed. */
function trueEnd(
  { reason, adapter, connectedAt }: Disconnected,
  { leftAt }: Visit,
  members: readonly MemberOnStage[],
): { readonly at: number; readonly lateMs: number } | undefined {
  if (reason === 'client-closed') return leftAt === undefined ? undefined : { at: leftAt, lateMs: lateMs() };
  if (reason !== 'adapter-lost') return undefined;
  const { killedAt } = members.find(({ id }) => id === adapter.id) ?? { killedAt: [] };
  const killed = killedAt.find((each) => each >= connectedAt);
  return killed === undefined ? undefined : { at: Math.min(killed, leftAt ?? killed), lateMs: 0 };
}
