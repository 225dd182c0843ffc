import type { HonoConnectionEvent, ReceivedEvent } from '@rollcall/hono-wire';

/** An incarnation of an adapter, over all tenants, as databases have it. Times are of the wall clock. */
export interface InstanceRow {
  readonly adapter_id: string;
  readonly instance: string;
  readonly adapter_type: string;
  readonly heard_at: number;
  /** Of its announcements; `null`: none was heard. */
  readonly announced_at: number | null;
  readonly interval: number | null;
}

/** How long silent incarnations are remembered: 7 days, as the directory of a fleet remembers deaths. */
export const instanceKeptMs = 7 * 24 * 3_600_000;

/** The incarnations that published the events of a batch. Several batches may be written in any order: the latest times count. */
export function heardInstances(
  events: readonly (ReceivedEvent | HonoConnectionEvent)[],
  nowMs: number,
): readonly InstanceRow[] {
  const heard = new Map<string, InstanceRow>();
  for (const event of events) {
    if (event.type === 'hono' || mayBeOfAnother(event)) continue;
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

/** Others publish such endings for dead adapters, under their name: they have no `ended-epoch`, which only its own clock gives. */
function mayBeOfAnother(event: ReceivedEvent): boolean {
  if (event.type !== 'disconnected' || event.endedEpoch !== undefined) return false;
  return event.reason === 'adapter-lost' || event.reason === 'taken-over';
}
