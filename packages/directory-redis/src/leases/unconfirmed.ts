import type { HeldLease } from '@rollcall/core/directory';
import type { Shared } from '../shared.ts';
import { readDeath } from '../wire/death.ts';
import { shortId } from '../wire/short-id.ts';
import { unconfirmedSinceIn } from '../wire/sign-of-life.ts';

/** Whether the holder of a lease may not have sent its `connected`. If the engine knows nothing of the holder, it may not. */
export async function isUnconfirmed(
  { event, instance }: Pick<HeldLease, 'event' | 'instance'>,
  { asker, keys, self }: Pick<Shared, 'asker' | 'keys' | 'self'>,
): Promise<boolean> {
  // An earlier claim of this instance, which it does not remember.
  if (instance === self.identity.instance) return true;
  const holder = shortId(instance);
  const [sign, death] = await Promise.all(
    [keys.leases, keys.deaths].map((key) => asker.look('HGET', key, holder)),
  );
  const living = sign?.status === 'answer' ? unconfirmedSinceIn(sign.value) : undefined;
  const dead = death?.status === 'answer' ? readDeath(death.value)?.unconfirmedSince : undefined;
  const since = living ?? dead;
  return since === undefined || event.epoch >= since;
}
