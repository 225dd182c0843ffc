import type { FoldedEvent } from './follow-stream.ts';

/**
 * The greatest length in UTF-8 of fields with a column of their own. Several of them are together in an index of PostgreSQL, whose
 * entries have 2,704 bytes at most. No registry has longer ids, and no adapter longer words. Fields within JSON are not limited.
 */
const maxBytes = { id: 1_024, word: 256 } as const;

/** Why this event cannot be stored; `undefined`: it can. The limits are the same for all databases. */
export function whyUnstorable(event: FoldedEvent): string | undefined {
  const ids = { tenant: event.device.tenant, device: event.device.device };
  return problemIn(ids, maxBytes.id) ?? problemIn(wordsOf(event), maxBytes.word);
}

function wordsOf(event: FoldedEvent): Readonly<Record<string, string>> {
  if (event.type === 'hono') return {};
  const { id, connectionId, protocol, adapter } = event;
  return {
    'event-id': id,
    'connection-id': connectionId,
    protocol,
    source: adapter.type,
    'adapter-id': adapter.id,
    'adapter-instance': adapter.instance,
    ...(event.type === 'disconnected' && { reason: event.reason }),
  };
}

function problemIn(texts: Readonly<Record<string, string>>, most: number): string | undefined {
  for (const [name, text] of Object.entries(texts)) {
    // JSON escapes it; a column of PostgreSQL cannot have it.
    if (text.includes('\0')) return `its ${name} has U+0000`;
    if (!text.isWellFormed()) return `its ${name} has half a character`;
    // A text has at most three bytes for each UTF-16 unit.
    if (text.length * 3 > most && Buffer.byteLength(text) > most)
      return `its ${name} has more than ${most} bytes`;
  }
  return undefined;
}
