import { later, sleep } from '@rollcall/core/environment';
import type { Reassertion } from './claims/reassertion.ts';
import type { Renewal } from './contact/renewal.ts';
import type { Strays } from './leases/strays.ts';
import { retire } from './scripts/retire.ts';
import type { Shared } from './shared.ts';

/** How long an adapter that stops waits for the engine to take what is left. */
const stopWithinMs = 1_000;

interface Leaving {
  readonly shared: Shared;
  readonly reassertion: Reassertion;
  readonly renewal: Renewal;
  readonly strays: Strays;
  tellNoted(): Promise<void>;
  tellInherited(): Promise<void>;
}

/** Sends the engine what is left, and leaves the fleet in good order if nothing is open here. */
export async function leaveFleet(leaving: Leaving): Promise<void> {
  const { shared, reassertion, renewal, strays } = leaving;
  const { context, asker, book } = shared;
  const { clock } = context;
  const until = later(clock.monotonic(), stopWithinMs);
  if (asker.inTouch) await Promise.race([tellTheRest(leaving), sleep(clock, stopWithinMs)]);
  reassertion.stop();
  renewal.stop();
  const leftMs = until - clock.monotonic();
  // Without a sign of life of it, no one would end the strays.
  if (asker.inTouch && book.size === 0 && strays.size === 0 && leftMs > 0)
    await Promise.race([sayGoodbye(shared), sleep(clock, leftMs)]);
  asker.inTouch = false;
}

async function tellTheRest({
  shared,
  reassertion,
  strays,
  tellNoted,
  tellInherited,
}: Leaving): Promise<void> {
  const { asker, context } = shared;
  await tellNoted();
  reassertion.everySecond();
  while (asker.inTouch && (asker.breaker.isBusy || !reassertion.caughtUp)) await sleep(context.clock, 5);
  await strays.layDown();
  // What goes on here, and is not entered, is still owed by the incarnation before: to drop that would lose its endings.
  if (reassertion.caughtUp) await tellInherited();
}

async function sayGoodbye({ asker, keys, self }: Shared): Promise<void> {
  await asker.ask(retire, [keys.leases, keys.instances, keys.counted(self.short), keys.totals], [self.short]);
}
