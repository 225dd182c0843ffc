import { DatabaseSync } from 'node:sqlite';
import { anEnding, anOutboundEvent } from '@rollcall/conformance';
import { deviceRef, type ConnectionId, type EventId } from '@rollcall/core';
import { deviceId } from './stage.ts';

export interface Backlog {
  readonly events: number;
  /** Each has as many connections as it takes, one after the other. */
  readonly devices: number;
  readonly sink: string;
  /** Whether each connection has only begun: then it is open. */
  readonly open: boolean;
}

/** Puts events into a journal that no process has open, as an adapter would have that never reached its network. Their ids grow. */
export function fillJournal(file: string, { events, devices, sink, open }: Backlog): void {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA synchronous = OFF; BEGIN');
  const insertEvent = database.prepare('INSERT INTO event (seq, facts, downstream) VALUES (?, ?, ?)');
  const insertStanding = database.prepare(
    'INSERT INTO standing (seq, open, waiting, parked) VALUES (?, ?, ?, ?)',
  );
  const { event, downstream } = anOutboundEvent('0');
  for (let index = 0; index < events; index++) {
    const device = index % devices;
    const round = Math.floor(index / devices);
    const ends = !open && round % 2 === 1;
    const facts = {
      ...event,
      id: eventId(index) as EventId,
      connectionId: `${device}.${open ? round : round >> 1}` as ConnectionId,
      device: deviceRef('acme', deviceId(device)),
    };
    insertEvent.run(index + 1, JSON.stringify(ends ? anEnding(facts) : facts), JSON.stringify(downstream));
    insertStanding.run(index + 1, open ? 1 : 0, JSON.stringify([sink]), '{}');
  }
  database.exec('COMMIT');
  database.close();
}

/** As a UUIDv7 whose milliseconds are the index: before every one of today. */
function eventId(index: number): string {
  const milliseconds = index.toString(16).padStart(12, '0');
  return `${milliseconds.slice(0, 8)}-${milliseconds.slice(8)}-7000-8000-000000000000`;
}
