/** One event of a stream. */
export interface SseEvent {
  readonly type: string;
  readonly data: string;
  /** The last id that was given, by this event or one before. */
  readonly id: string | undefined;
}

/** A line that is longer ends the reading: the service writes none of this size. */
const maxPendingLength = 4_194_304;

/** Takes Server-Sent Events out of pieces of text, wherever these are cut (HTML Living Standard §9.2.6). */
export class SseReader {
  #pending = '';
  #type = '';
  #data: string[] = [];
  #id: string | undefined;

  constructor(lastEventId?: string) {
    this.#id = lastEventId;
  }

  /** The events that end in this piece. @throws Error where a line has no end. */
  read(piece: string): readonly SseEvent[] {
    const lines = (this.#pending + piece).split('\n');
    this.#pending = lines.pop() ?? '';
    if (this.#pending.length > maxPendingLength) throw new Error('the stream has a line without an end');
    const events: SseEvent[] = [];
    for (const line of lines) {
      if (line === '') {
        if (this.#data.length > 0)
          events.push({ type: this.#type || 'message', data: this.#data.join('\n'), id: this.#id });
        this.#type = '';
        this.#data = [];
      } else this.#field(line);
    }
    return events;
  }

  #field(line: string): void {
    const colon = line.indexOf(':');
    if (colon <= 0) return;
    const value = line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    switch (line.slice(0, colon)) {
      case 'event':
        this.#type = value;
        return;
      case 'data':
        this.#data.push(value);
        return;
      case 'id':
        if (!value.includes('\0')) this.#id = value;
        return;
      default:
    }
  }
}
