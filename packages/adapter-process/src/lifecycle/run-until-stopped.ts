import { spreadLastNet } from '@rollcall/containment';
import type { Log } from '@rollcall/core/environment';
import { beginAll, type ResourceStack } from '@rollcall/runtime';
import { guardConsole } from './guard-console.ts';
import { onHangup } from './on-hangup.ts';
import { endWithParent, shutdownRequested } from './shutdown-requested.ts';

export interface Work<Running> {
  readonly log: Log;
  /** What is looked at again at SIGHUP, in words. */
  readonly looksAt: string;
  /**
   * Begins it. What is in `begun` is ended when the process is asked to stop.
   *
   * @param mayLook told of what can look whether its files have changed.
   */
  begin(begun: ResourceStack, mayLook: (look: () => void) => void): Promise<Running>;
  /** Resolves when it is to stop, beside signals; default: signals alone. */
  readonly stopAsked?: Promise<string>;
  /** Called once all has begun. */
  ready(running: Running): void;
}

/** Does what a process is for, until it was asked to stop, and has. Resolves with what ran. */
export async function runUntilStopped<Running>({
  log,
  looksAt,
  begin,
  ready,
  stopAsked,
}: Work<Running>): Promise<Running> {
  const looks: (() => void)[] = [];
  let isReady = false;
  let wasHungUpBefore = false;
  const lookAll = (): void => {
    log.info({}, `SIGHUP: looking at ${looksAt}`);
    for (const each of looks) each();
  };
  onHangup(() => {
    wasHungUpBefore ||= !isReady;
    lookAll();
  });
  const mayEndAtOnceNoMore = endWithParent();
  spreadLastNet(log);
  guardConsole(log);
  const { running, resources } = await beginAll(
    async (begun) => ({ running: await begin(begun, (look) => void looks.push(look)), resources: begun }),
    log,
  );
  // Whoever hears that it is ready may ask it to stop at once.
  const signalled = shutdownRequested();
  mayEndAtOnceNoMore();
  ready(running);
  isReady = true;
  // What was beginning may have read its files before the signal, and could not be told to look.
  if (wasHungUpBefore) lookAll();
  const cause = await (stopAsked ? Promise.race([signalled, stopAsked]) : signalled);
  log.info({ cause }, 'stopping');
  await resources.disposeAsync();
  log.info({}, 'stopped');
  return running;
}
