import rhea from 'rhea';

/** What a session lets out, and what it still holds. */
export interface OutgoingWindow {
  /** Deliveries the session can take in. */
  available(): number;
  /** Whether something handed over did not leave yet: then nothing else may be handed over. */
  blocked(): boolean;
  /** Whether every delivery was settled. */
  idle(): boolean;
  /** Deliveries taken in so far. */
  used(): number;
  /** Settles a delivery on this side, so that it takes up no room any more. Its outcome is not told then. */
  abandon(delivery: rhea.Delivery): void;
}

/** The parts of rhea's session that its typings leave out. */
interface RawOutgoing {
  readonly deliveries: {
    capacity: number;
    readonly size: number;
    get_head(): { readonly id: number } | undefined;
  };
  readonly next_delivery_id: number;
  readonly next_pending_delivery: number;
  on_disposition(fields: DispositionFields): void;
}

interface DispositionFields {
  first: number;
  last?: number | null;
}

/** Unsettled deliveries per session. rhea keeps 2,048, which one address without outcomes would soon take from all. */
const unsettledPerSession = 2 ** 16;

/** Makes a fresh session ready to send on. `onOutcome` is called with every disposition of the peer. */
export function openWindow(
  session: rhea.Session,
  onOutcome: () => void,
  capacity: number = unsettledPerSession,
): OutgoingWindow {
  const { outgoing } = session as unknown as { readonly outgoing: RawOutgoing };
  outgoing.deliveries.capacity = capacity;
  const applyDisposition = outgoing.on_disposition.bind(outgoing);
  outgoing.on_disposition = (fields) => {
    onOutcome();
    const head = outgoing.deliveries.get_head();
    const last = Math.min(fields.last ?? fields.first, outgoing.next_delivery_id - 1);
    // rhea looks for outcomes of deliveries that were abandoned in slots that others have by now.
    if (head === undefined || last < head.id) return;
    fields.first = Math.max(fields.first, head.id);
    fields.last = last;
    applyDisposition(fields);
  };
  return {
    available: () => outgoing.deliveries.capacity - outgoing.deliveries.size,
    blocked: () => outgoing.next_pending_delivery < outgoing.next_delivery_id,
    idle: () => outgoing.deliveries.size === 0,
    used: () => outgoing.next_delivery_id,
    abandon(delivery) {
      const settled = delivery as { settled: boolean; remote_settled: boolean };
      if (delivery.id >= outgoing.next_pending_delivery) {
        // Not sent yet. rhea cannot leave a gap: it goes out settled, and is forgotten then.
        settled.settled = true;
        return;
      }
      // As Hono does; rhea as a peer does not understand a settlement without an outcome.
      delivery.update(true, released());
      // rhea frees the room once both sides have settled; a peer does not answer a settled delivery any more.
      settled.remote_settled = true;
    },
  };
}

function released(): unknown {
  return (rhea.message as unknown as { released(): { described(): unknown } }).released().described();
}
