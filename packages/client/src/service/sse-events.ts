/** An event of a stream of Server-Sent Events. */
export interface SseEvent {
  readonly event: string;
  /** The id from which to continue later; absent: this event has none. */
  readonly id?: string;
  readonly data: string;
}

/** A page of a snapshot is far shorter. */
const maxEventLength = 16_777_216;

/**
 * The events of a stream of bytes, as they come (HTML Living Standard §9.2.6).
 *
 * @throws Error if one is longer than any that a presence service sends.
 */
export async function* sseEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<SseEvent> {
  const decoder = new TextDecoder();
  let waiting = '';
  for await (const bytes of body) {
    waiting += decoder.decode(bytes, { stream: true });
    const blocks = waiting.split(/\r?\n\r?\n/);
    waiting = blocks.pop() ?? '';
    if (waiting.length > maxEventLength) throw new Error('an event of the stream is too long');
    for (const block of blocks) {
      const event = eventIn(block);
      if (event) yield event;
    }
  }
}

function eventIn(block: string): SseEvent | undefined {
  const fields = new Map<string, string>();
  for (const line of block.split(/\r?\n/)) {
    // A value may have line separators of Unicode: only CR and LF end a line.
    const [, name = '', value = ''] = /^([^:]*): ?(.*)$/s.exec(line) ?? [];
    const before = name === 'data' ? fields.get(name) : undefined;
    fields.set(name, before === undefined ? value : `${before}\n${value}`);
  }
  const id = fields.get('id');
  const data = fields.get('data');
  if (data === undefined) return undefined;
  return { event: fields.get('event') ?? 'message', data, ...(id !== undefined && { id }) };
}
