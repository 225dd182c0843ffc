import type { ConnectionEvent } from '@rollcall/core/events';
import type { Delivery, EventSink, OutboundEvent } from '@rollcall/core/sink';

/** A sink that keeps what it gets. `answer` decides the outcome of each delivery; by default each is delivered. */
export class RecordingSink implements EventSink {
  readonly name: string;
  /** Every event that was accepted, in order. */
  readonly events: ConnectionEvent[] = [];
  /** Every delivery tried, in order, accepted or not. */
  readonly attempts: OutboundEvent[] = [];
  answer: (outbound: OutboundEvent) => Delivery | Promise<Delivery>;
  #closed = false;

  constructor(
    name = 'recording',
    answer: (outbound: OutboundEvent) => Delivery | Promise<Delivery> = () => ({ status: 'delivered' }),
  ) {
    this.name = name;
    this.answer = answer;
  }

  async deliver(outbound: OutboundEvent, signal: AbortSignal): Promise<Delivery> {
    if (this.#closed || signal.aborted) return { status: 'retryable', cause: new Error('sink is closed') };
    this.attempts.push(outbound);
    const delivery = await this.answer(outbound);
    if (delivery.status === 'delivered') this.events.push(outbound.event);
    return delivery;
  }

  async close(): Promise<void> {
    this.#closed = true;
  }
}
