import type { Socket } from 'node:net';
import type rhea from 'rhea';
import { transferBytes, writeTransfer } from './transfer-frame.ts';

/** The parts of rhea's connection that its typings leave out. */
interface RawConnection {
  readonly socket?: Socket;
  readonly socket_ready?: boolean;
  /** Writes what is pending, and begins the time to the next heartbeat anew. */
  output(): void;
}

/** The parts of rhea's session that its typings leave out. */
interface RawOutgoing {
  window: number;
  readonly next_delivery_id: number;
  next_pending_delivery: number;
  next_transfer_id: number;
  readonly deliveries: { by_id(id: number): RawDelivery | undefined };
  transfer_window(): number;
  process(): void;
}

interface RawDelivery {
  readonly id: number;
  readonly tag: Uint8Array;
  readonly data: readonly Uint8Array[];
  readonly next_to_send: number;
  readonly settled: boolean;
  remote_settled: boolean;
  readonly link: {
    credit: number;
    delivery_count: number;
    readonly local: { readonly handle: number };
    has_credit(): boolean;
  };
}

/** Larger messages are left to rhea: there is nothing to gain, and they would have to be copied. */
const largestBytes = 16_384;

/**
 * Lets a session write its transfers in one piece. rhea makes a list of wrapped values, a buffer of zeroes and a timer for
 * each, which costs as much as the system call (`docs/benchmarks.md`). What is done to the session's state is what
 * rhea's `Outgoing.process` does; whatever is unusual is left to that.
 */
export function writeTransfersTogether(connection: rhea.Connection, session: rhea.Session): void {
  const raw = connection as unknown as RawConnection;
  const { outgoing, local } = session as unknown as {
    readonly outgoing: RawOutgoing;
    readonly local: { readonly channel: number };
  };
  const processAsRhea = outgoing.process.bind(outgoing);

  outgoing.process = () => {
    const { socket } = raw;
    if (socket && raw.socket_ready === true) {
      const deliveries = takeReady(outgoing);
      if (deliveries.length > 0) {
        raw.output();
        socket.write(framesOf(deliveries, local.channel));
      }
    }
    processAsRhea();
  };
}

/** Takes the deliveries that may be sent now from those that wait, in their order. */
function takeReady(outgoing: RawOutgoing): readonly RawDelivery[] {
  const ready: RawDelivery[] = [];
  while (outgoing.next_pending_delivery < outgoing.next_delivery_id) {
    const delivery = outgoing.deliveries.by_id(outgoing.next_pending_delivery);
    if (!delivery || !isPlain(delivery) || !delivery.link.has_credit() || !(outgoing.transfer_window() > 0))
      break;
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

/** A message that fits into one frame, and of which nothing was sent. */
function isPlain({ data, next_to_send: next }: RawDelivery): boolean {
  return data.length === 1 && next === 0 && (data[0]?.length ?? 0) <= largestBytes;
}

function framesOf(deliveries: readonly RawDelivery[], channel: number): Buffer {
  let size = 0;
  for (const { tag, data } of deliveries) size += transferBytes(tag, data[0] ?? nothing);
  const frames = Buffer.allocUnsafe(size);
  let at = 0;
  for (const { id, tag, settled, link, data } of deliveries) {
    const fields = { channel, handle: link.local.handle, deliveryId: id, tag, settled };
    at = writeTransfer(frames, at, fields, data[0] ?? nothing);
  }
  return frames.subarray(0, at);
}

const nothing = new Uint8Array();
