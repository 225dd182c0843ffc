/** Messages of QoS 2 that a connection may have without their PUBREL. */
const maxMessages = 1_000;

/** What a PUBLISH of QoS 2 is: a new message, or a repetition of one under way or taken. */
export type Repetition = 'new' | 'under-way' | 'taken' | 'too-many';

/**
 * The messages of QoS 2 of one connection, from their PUBLISH to their PUBREL (MQTT 3.1.1 §4.3.3, method A): what is repeated
 * meanwhile is not uploaded again. Nothing outlives the connection.
 */
export class ExactlyOnce {
  /** By packet id: whether the network took it. */
  readonly #messages = new Map<number, 'under-way' | 'taken'>();

  /** A PUBLISH came. */
  begin(messageId: number): Repetition {
    const known = this.#messages.get(messageId);
    if (known) return known;
    if (this.#messages.size >= maxMessages) return 'too-many';
    this.#messages.set(messageId, 'under-way');
    return 'new';
  }

  /** It gets its PUBREC, or never will: then the device may send it again. */
  end(messageId: number, isReceived: boolean): void {
    if (isReceived) this.#messages.set(messageId, 'taken');
    else this.#messages.delete(messageId);
  }

  /** A PUBREL came: the packet id may name another message. */
  release(messageId: number): void {
    if (this.#messages.get(messageId) === 'taken') this.#messages.delete(messageId);
  }
}
