import { PlainDelivery } from './plain-delivery.ts';
import type { RawOutgoing, RawSession } from '@rollcall/rhea-internals/client';
import { maxTransferBytes, writeTransfer } from './transfer-frame.ts';

/**
 * Lets a session write its transfers in one piece. rhea makes a list of wrapped values, a buffer of zeroes and a timer for
 * each, which costs as much as the system call (`docs/benchmarks.md`). The session's state changes as in rhea's own
 * `Outgoing.process`, which then sends all other deliveries.
 */
export function writeTransfersTogether({ connection, outgoing, local }: RawSession): void {
  const processAsRhea = outgoing.process.bind(outgoing);

  outgoing.process = () => {
    const { socket } = connection;
    if (socket && connection.socket_ready === true) {
      const deliveries = takeReady(outgoing);
      if (deliveries.length > 0) {
        connection.output();
        socket.write(framesOf(deliveries, local.channel));
      }
    }
    processAsRhea();
  };
}

/** Takes the deliveries that may be sent now from those that wait, in their order. */
function takeReady(outgoing: RawOutgoing): readonly PlainDelivery[] {
  const ready: PlainDelivery[] = [];
  while (outgoing.next_pending_delivery < outgoing.next_delivery_id) {
    const delivery = outgoing.deliveries.by_id(outgoing.next_pending_delivery);
    if (!(delivery instanceof PlainDelivery)) break;
    if (!delivery.link.has_credit() || !(outgoing.transfer_window() > 0)) break;
    outgoing.window -= 1;
    outgoing.next_transfer_id += 1;
    outgoing.next_pending_delivery += 1;
    delivery.link.credit -= 1;
    delivery.link.delivery_count += 1;
    if (delivery.settled) delivery.remote_settled = true;
    ready.push(delivery);
  }
  return ready;
}

function framesOf(deliveries: readonly PlainDelivery[], channel: number): Buffer {
  let size = 0;
  for (const { message } of deliveries) size += maxTransferBytes + message.length;
  const frames = Buffer.allocUnsafe(size);
  let at = 0;
  for (const { id, settled, link, message } of deliveries)
    at = writeTransfer(frames, at, { channel, handle: link.local.handle, deliveryId: id, settled }, message);
  return frames.subarray(0, at);
}
