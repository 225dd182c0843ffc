import rhea from 'rhea';
import { internalsOf } from './internals-of.ts';
import type { DispositionFields } from './raw.ts';

/** What a session sends, or receives. */
interface Direction {
  /** Of the next delivery; absent before the first. */
  readonly next_delivery_id?: number;
  readonly deliveries: { get_head(): { readonly id: number } | undefined };
  on_disposition(fields: DispositionFields): void;
}

let isBound = false;

/**
 * rhea looks for each delivery that a disposition is about, as many as it says: those that are settled, or never came, too. Ids below
 * the first that it keeps become negative places of its array, which takes long. After this call it looks for those that it may
 * keep, everywhere in this process.
 */
export function boundDispositions(): void {
  if (isBound) return;
  isBound = true;
  const { outgoing, incoming } = internalsOf(rhea.create_container().create_connection().create_session());
  for (const one of [outgoing, incoming]) bound(Object.getPrototypeOf(one) as Direction);
}

function bound(direction: Direction): void {
  const { on_disposition: apply } = direction;
  direction.on_disposition = function (this: Direction, fields) {
    const head = this.deliveries.get_head();
    if (!head || this.next_delivery_id === undefined) return;
    const first = Math.max(fields.first, head.id);
    const last = Math.min(fields.last ?? fields.first, this.next_delivery_id - 1);
    // Beyond that rhea has none.
    if (!(first <= last)) return;
    fields.first = first;
    fields.last = last;
    apply.call(this, fields);
  };
}
