import { readFileSync } from 'node:fs';
import type { HonoConnectionEvent, ReceivedEvent } from '@rollcall/hono-wire';

type Value = string | number | null;

/** A database: PostgreSQL's `client.query(sql, values)`, or what the test makes of SQLite. */
export interface Database {
  run(sql: string, values: readonly Value[]): readonly Readonly<Record<string, unknown>>[];
}

const text = readFileSync(new URL('presence.sql', import.meta.url), 'utf8');
/** The statements that make the tables. */
export const schema: string = text.slice(0, text.indexOf('-- name:'));
const statements = new Map(
  text
    .split('-- name: ')
    .slice(1)
    .map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n'))] as const),
);

export function statement(name: string): string {
  const found = statements.get(name);
  if (found === undefined) throw new Error(`presence.sql has no statement ${name}`);
  return found;
}

/** Folds one event into the tables. @param nowMs `listening_ms` now. */
export function applyEvent(
  database: Database,
  event: ReceivedEvent | HonoConnectionEvent,
  nowMs: number,
): void {
  const { tenant, device } = event.device;
  if (event.type === 'hono') {
    database.run(statement('said'), [tenant, device, event.cause]);
    return;
  }
  const { adapter, epoch, connectionId, slot = null, at, protocol, announcement } = event;
  const isNew = event.journal?.state === 'new';
  const intervalMs =
    event.type === 'connected' && announcement ? (event.announceIntervalMs ?? 3_600_000) : null;
  if (!mayBeOfAnother(event))
    database.run(statement('heard'), [
      ...[tenant, adapter.id, nowMs, intervalMs],
      ...(isNew ? [adapter.instance, epoch] : [null, null]),
    ]);
  const facts = [
    ...[tenant, device, connectionId, adapter.type, adapter.id, adapter.instance],
    ...[epoch, Number.parseInt(epoch.slice(0, 12), 16), slot, at, protocol, nowMs],
  ];
  if (event.type === 'connected') database.run(statement('connected'), [...facts, announcement ? 1 : 0]);
  else {
    const { id, endedEpoch = null, reason, uncertaintyMs } = event;
    database.run(statement('disconnected'), [...facts, id, endedEpoch, reason, uncertaintyMs]);
  }
}

/** Whether another adapter, or an operator, may have sent an ending for an adapter that is dead. */
function mayBeOfAnother(event: ReceivedEvent): boolean {
  if (event.type !== 'disconnected' || event.endedEpoch !== undefined) return false;
  return ['adapter-lost', 'taken-over', 'buried'].includes(event.reason);
}
