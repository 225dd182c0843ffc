import type { Undertaker, UndertakerContext } from '@rollcall/core/directory';
import type { Channel, Told, ToParent, ToProcess } from './calls.ts';
import { Link } from './link.ts';

/** Tells endings of the dead when the parent asks for it. */
export async function undertakeFor(
  channel: Channel<ToParent, ToProcess>,
  { deadAfterMs, signal, declared, tell, log }: UndertakerContext,
): Promise<Undertaker> {
  let isStopped = false;
  let atWork: Promise<unknown> = Promise.resolve();
  const link = new Link(channel, (told) => {
    if (!isStopped) atWork = Promise.all([atWork, hear(told)]);
  });

  async function hear(told: Told): Promise<void> {
    switch (told.what) {
      case 'suspect': {
        const { instance } = told;
        const state = signal ? await signal.stateOf(instance, deadAfterMs).catch(() => 'unknown') : 'silent';
        link.tell('verdict', { instance, isDead: state === 'silent' });
        return;
      }
      case 'declared':
        declared?.(told.instance);
        return;
      case 'bury': {
        const { identity } = told.dead;
        const settled = await tell(told.dead, told.owed, told.now).catch((error: unknown) => {
          log.debug(
            { err: error, instance: identity.instance },
            'endings of a dead process were not told yet',
          );
          return [];
        });
        link.tell('told', { instance: identity.instance, settled });
        return;
      }
      default:
    }
  }

  await link.ask('undertake', { deadAfterMs });
  return {
    async stop() {
      isStopped = true;
      await atWork;
      // Else it goes on to be asked, and what it is asked is not told until this process ends.
      link.tell('undertakeNoMore', null);
    },
  };
}
