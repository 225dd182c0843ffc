import type { FoldedEvent } from './follow-stream.ts';

/** What stands in columns of its own; PostgreSQL has no U+0000 in a text. JSON escapes it. */
export function hasNul(event: FoldedEvent): boolean {
  const { tenant, device } = event.device;
  const names =
    event.type === 'hono'
      ? [tenant, device]
      : [
          ...[tenant, device, event.id, event.connectionId, event.protocol],
          ...[event.adapter.type, event.adapter.id, event.adapter.instance],
          ...(event.type === 'disconnected' ? [event.reason] : []),
        ];
  return names.some((name) => name.includes('\0'));
}
