import { keepNoting } from './keep-noting.ts';
import type { Access } from './create-access.ts';
import type { AdapterContext } from './adapter-context.ts';
import type { Presence } from './create-presence.ts';
import type { Delivery } from './open-delivery.ts';
import type { ResourceStack } from '@rollcall/runtime';
import type { TakenUp } from './take-up-journal.ts';

/** Writes to the journal what changes all the time; and everything again, if the journal was destroyed. */
export function feedJournal(
  { clock }: AdapterContext,
  {
    delivery: { journal, outbox },
    presence: { connections },
    takenUp: { rhythms },
    access: { authenticator },
  }: {
    readonly delivery: Delivery;
    readonly presence: Presence;
    readonly takenUp: TakenUp;
    readonly access: Access;
  },
  resources: ResourceStack,
): void {
  journal.backedBy(() => ({
    ...outbox.holdings(),
    rhythms: rhythms.learned(),
    proofs: authenticator.stored(),
  }));
  const noting = keepNoting(clock, journal, connections, rhythms, authenticator);
  resources.defer(() => noting.stop());
}
