import { isSignOfLife } from '@rollcall/client/internal';
import type { HonoConnectionEvent, ReceivedEvent } from '@rollcall/hono-wire';

/** An incarnation of an adapter, over all tenants, as a row of a database. Times are of the wall clock. */
export interface InstanceRow {
  readonly adapter_id: string;
  readonly instance: string;
  readonly adapter_type: string;
  readonly heard_at: number;
  /** When its latest announcement came; `null`: there was none. */
  readonly announced_at: number | null;
  readonly interval: number | null;
}

/** How long a silent incarnation stays in the list: 7 days, as long as the directory of a fleet keeps dead ones. */
export const instanceKeptMs = 7 * 24 * 3_600_000;

/** The incarnations that published the events of a batch. Batches may be written in any order, so a writer keeps the latest times. */
export function heardInstances(
  events: readonly (ReceivedEvent | HonoConnectionEvent)[],
  nowMs: number,
): readonly InstanceRow[] {
  const heard = new Map<string, InstanceRow>();
  for (const event of events) {
    if (event.type === 'hono' || !isSignOfLife(event)) continue;
    const { id, instance, type } = event.adapter;
    const key = `${id}\n${instance}`;
    const known = heard.get(key);
    const announced = event.announcement && event.type === 'connected';
    if (known && !announced) continue;
    heard.set(key, {
      adapter_id: id,
      instance,
      adapter_type: type,
      heard_at: nowMs,
      announced_at: announced ? nowMs : null,
      interval: announced ? (event.announceIntervalMs ?? null) : null,
    });
  }
  return [...heard.values()];
}
