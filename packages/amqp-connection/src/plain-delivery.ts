import type { RawDelivery, RawSender } from '@rollcall/rhea-internals/client';

/** Called when the peer accepted and settled a delivery. */
export type OnAccepted = (delivery: PlainDelivery) => void;

/**
 * A delivery in rhea's session whose message fits into one frame. It replaces rhea's own deliveries, each of which
 * is three objects and a closure. We write its transfer and read its acceptance.
 */
export class PlainDelivery implements RawDelivery {
  readonly id: number;
  readonly link: RawSender;
  readonly message: Uint8Array;
  readonly onAccepted: OnAccepted;
  settled = false;
  state: unknown = undefined;
  remote_settled = false;
  remote_state: unknown = undefined;
  next_to_send = 0;
  /** See `unsettled.ts`: the item that was sent. */
  entry: unknown = undefined;

  constructor(id: number, link: RawSender, message: Uint8Array, onAccepted: OnAccepted) {
    this.id = id;
    this.link = link;
    this.message = message;
    this.onAccepted = onAccepted;
  }

  get format(): number {
    return 0;
  }

  get tag(): Buffer {
    return tagOf(this.id);
  }

  get data(): readonly Buffer[] {
    return [asBuffer(this.message)];
  }

  update(settled: boolean, state?: unknown): void {
    this.link.session.outgoing.update(this, settled, state);
  }
}

export const tagBytes = 4;

/** Unique within a session: the number of the delivery. rhea's own tags cost more to make. */
export function tagOf(deliveryId: number): Buffer {
  const tag = Buffer.allocUnsafe(tagBytes);
  tag.writeUInt32BE(deliveryId);
  return tag;
}

export function asBuffer(message: Uint8Array): Buffer {
  return Buffer.from(message.buffer, message.byteOffset, message.byteLength);
}
