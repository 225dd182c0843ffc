import { deviceRef } from '@rollcall/core';
import type { ReceivedEvent } from '@rollcall/hono-wire';
import { distinct, type EventRecord } from '../../faults/support/record.ts';
import type { RoamingDevices } from './roaming-devices.ts';

/** How many connections ended for each reason. */
export function endings(record: EventRecord): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const event of distinct(record.events))
    if (event.type === 'disconnected') counts[event.reason] = (counts[event.reason] ?? 0) + 1;
  return counts;
}

/** What is wrong by now, in words; nothing where the record tells the truth of the devices. */
export function untruths(record: EventRecord, devices: RoamingDevices): readonly string[] {
  const problems = repeatedAsAnother(record.events);
  const openOf = new Map<string, number>();
  for (const [connection, events] of Map.groupBy(distinct(record.events), (event) => event.connectionId)) {
    const began = events.filter(({ type }) => type === 'connected').length;
    const ended = events.length - began;
    const device = events[0]?.device.device ?? '';
    if (began !== 1) problems.push(`${device} ${connection}: ${began} times connected`);
    if (ended > 1) problems.push(`${device} ${connection}: ended ${ended} times`);
    if (ended === 0) openOf.set(device, (openOf.get(device) ?? 0) + 1);
  }
  const online = new Set(devices.open().map(({ device }) => device));
  for (const device of new Set(devices.visits.map((visit) => visit.device))) {
    const open = openOf.get(device) ?? 0;
    const truth = online.has(device) ? 1 : 0;
    if (open !== truth) problems.push(`${device}: ${open} connections are open, and ${truth} should be`);
    const { status } = record.table.get(deviceRef('acme', device));
    const isOnline = status === 'online';
    if (isOnline !== online.has(device)) problems.push(`${device}: the table says ${status}`);
  }
  // Two sockets of one slot are one too many, whatever events say.
  if (online.size !== devices.open().length)
    problems.push(`${devices.open().length - online.size} sockets too many`);
  return problems;
}

/** One event may come again, but only as itself. */
function repeatedAsAnother(events: readonly ReceivedEvent[]): string[] {
  const first = new Map<string, ReceivedEvent['data']>();
  const problems: string[] = [];
  for (const { id, data } of events) {
    const before = first.get(id);
    if (!before) first.set(id, data);
    else if (inFleet(before, data) !== inFleet(data, before))
      problems.push(
        `${id} came again, and was another: ${JSON.stringify(before)} and ${JSON.stringify(data)}`,
      );
  }
  return problems;
}

/**
 * An adapter that reports its own lost session, and is killed before the fleet knows that it did, stamps it by its own clock. What the
 * others report under the same id has no `ended-epoch`, and another `at`.
 */
function inFleet(data: ReceivedEvent['data'], other: ReceivedEvent['data']): string {
  const byItselfAndOthers = (data['ended-epoch'] === undefined) !== (other['ended-epoch'] === undefined);
  if (data['reason'] !== 'adapter-lost' || !byItselfAndOthers) return JSON.stringify(data);
  const own: ReadonlySet<string> = new Set(['at', 'ended-epoch', 'last-seen', 'uncertainty-ms']);
  return JSON.stringify(data, (key, value: unknown) => (own.has(key) ? undefined : value));
}
