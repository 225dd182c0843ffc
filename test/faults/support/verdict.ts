import type { ReceivedEvent } from '@rollcall/hono-wire';
import { deviceRef, type Epoch } from '@rollcall/core';
import type { Attempt, Fleet } from './fleet.ts';
import type { EventRecord } from './record.ts';
import { wallClockMovedMs } from './wall-clock.ts';

/** What was wrong, in words; nothing where the record tells the truth. */
export function differences(record: EventRecord, fleet: Fleet): readonly string[] {
  const problems: string[] = [];
  const say = (problem: string): void => void problems.push(problem);
  const byRemoteId = Map.groupBy(withoutRepetition(record.events, say), ({ remoteId }) => remoteId);

  for (const attempt of fleet.attempts) {
    const events = byRemoteId.get(attempt.remoteId) ?? [];
    byRemoteId.delete(attempt.remoteId);
    compare(attempt, events, say);
  }
  for (const [remoteId, events] of byRemoteId) say(`${remoteId}: ${inWords(events)}, and nobody connected`);
  checkOrder(record.events, say);
  checkTable(record, fleet, say);
  return problems;
}

/** One event may come again, but only as itself. */
function withoutRepetition(
  events: readonly ReceivedEvent[],
  say: (problem: string) => void,
): ReceivedEvent[] {
  const first = new Map<string, ReceivedEvent>();
  for (const event of events) {
    const before = first.get(event.id);
    if (before && JSON.stringify(before.data) !== JSON.stringify(event.data))
      say(
        `${event.id} came again, and was another: ${JSON.stringify(before.data)} and ${JSON.stringify(event.data)}`,
      );
    if (!before) first.set(event.id, event);
  }
  return [...first.values()];
}

function compare(attempt: Attempt, events: readonly ReceivedEvent[], say: (problem: string) => void): void {
  const got = inWords(events);
  const ids = new Set(events.map(({ connectionId }) => connectionId));
  if (ids.size > 1) say(`${attempt.remoteId}: ${ids.size} connections`);
  const expected = expectedOf(attempt);
  if (!expected.includes(got))
    say(`${attempt.remoteId}: ${got || 'nothing'} instead of ${expected.join(' or ')}`);
  const [connected, ended] = events;
  if (connected?.type !== 'connected' || ended?.type !== 'disconnected') return;
  const { at, lastSeen, connectedAt, uncertaintyMs } = ended;
  // The wall clock may be slewed by a millisecond meanwhile.
  if (uncertaintyMs < 0 || at < lastSeen || lastSeen + 1 < connectedAt || connectedAt !== connected.at)
    say(
      `${attempt.remoteId}: impossible times ${JSON.stringify({ at, lastSeen, connectedAt, uncertaintyMs })}`,
    );
}

/** What may be recorded of it. An end may be missed where the adapter dies; then the connection was lost with it. */
function expectedOf({ outcome, ended }: Attempt): readonly string[] {
  if (outcome === 'refused') return [''];
  const paired = (reason: string): string => `connected, ${reason}`;
  if (outcome === 'unknown')
    return ['', ...['connection-lost', 'adapter-lost', 'adapter-shutdown'].map(paired)];
  switch (ended) {
    case undefined:
      return ['connected'];
    case 'lost':
      return ['adapter-lost', 'adapter-shutdown'].map(paired);
    default:
      return [ended, 'adapter-lost'].map(paired);
  }
}

function inWords(events: readonly ReceivedEvent[]): string {
  return events.map((event) => (event.type === 'connected' ? 'connected' : event.reason)).join(', ');
}

/** The first arrival of each event of a device comes in the order in which the adapter observed it. */
export function checkOrder(events: readonly ReceivedEvent[], say: (problem: string) => void): void {
  const seen = new Set<string>();
  const latest = new Map<string, ReceivedEvent>();
  for (const event of events) {
    if (seen.has(event.id)) continue;
    seen.add(event.id);
    const key = `${event.device.tenant}/${event.device.device}`;
    const before = latest.get(key);
    if (before && isEarlier(event, before))
      say(`${key}: ${named(before)} before ${named(event)}, out of order`);
    latest.set(key, event);
  }
}

/**
 * Whether the event was observed before the other one. The epochs of one adapter tell, also where the wall clock of this machine
 * is set while a test runs: the `at` of an ending follows the clock as it was when its connection began.
 */
function isEarlier(event: ReceivedEvent, other: ReceivedEvent): boolean {
  const [observed, otherObserved] = [event, other].map(observedAs);
  if (event.adapter.id === other.adapter.id && observed !== undefined && otherObserved !== undefined)
    return observed < otherObserved;
  // What two adapters stamp may differ by some milliseconds.
  return event.at < other.at - 5 - wallClockMovedMs();
}

function observedAs(event: ReceivedEvent): Epoch | undefined {
  return event.type === 'connected' ? event.epoch : event.endedEpoch;
}

function named({ remoteId, connectionId, at, ...event }: ReceivedEvent): string {
  const what = event.type === 'disconnected' ? event.reason : event.type;
  return `${remoteId} ${what} at ${at} (${connectionId})`;
}

function checkTable({ table }: EventRecord, fleet: Fleet, say: (problem: string) => void): void {
  const devices = new Map(fleet.attempts.map((attempt) => [`${attempt.tenant}/${attempt.device}`, attempt]));
  const online = new Set(fleet.open().map(({ tenant, device }) => `${tenant}/${device}`));
  const heard = new Set(
    fleet.attempts
      .filter(({ outcome }) => outcome === 'accepted')
      .map(({ tenant, device }) => `${tenant}/${device}`),
  );
  for (const [key, { tenant, device }] of devices) {
    if (!heard.has(key)) continue;
    const { status } = table.get(deviceRef(tenant, device));
    const truth = online.has(key) ? 'online' : 'offline';
    if (status !== truth) say(`${key}: the table says ${status}, and it is ${truth}`);
  }
}
