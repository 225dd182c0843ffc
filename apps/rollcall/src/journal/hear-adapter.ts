import { consumerSettings } from '@rollcall/amqp-sender/internal';
import type { DecodedEvent } from '@rollcall/hono-wire';
import { reach, type Destination } from '../network/reach.ts';
import { openWatch } from '../network/watch.ts';
import { watchedSource } from '../network/watched-source.ts';

export interface Listening extends Destination {
  readonly adapterId: string;
  /** A queue to listen on, on networks without subscriptions. */
  readonly queue?: string | undefined;
  /** Whether messages that are not connection events are taken out of that queue. */
  readonly dropOthers?: boolean | undefined;
  readonly withinMs: number;
}

/**
 * Listens for events of an adapter, above all announcements. Resolves with why it must not be declared dead; `undefined`: it was not
 * heard.
 *
 * @param tell called with what keeps us from listening.
 */
export async function hearAdapter(
  { adapterId, queue, dropOthers, withinMs, ...to }: Listening,
  tell: (line: string) => void,
): Promise<string | undefined> {
  const settings = reach(to, process.env);
  const found = watchedSource(settings.network, { tenants: ['#'], queue, dropOthers });
  if ('problem' in found) return `${found.problem}; or bury with --unheard, without listening`;
  const { promise: heard, resolve: hear } = Promise.withResolvers<string>();
  const listening = openWatch(
    {
      ...consumerSettings(settings),
      ...found.source,
      ...(queue === undefined && { tenants: 'all' as const }),
      onEvent(event) {
        if (isOf(adapterId, event)) hear(`${adapterId} is alive: it was heard`);
      },
      onOther() {
        if (found.shared) throw new Error('not for us');
      },
    },
    tell,
  );
  const period = new Promise<'over'>((resolve) => {
    setTimeout(() => resolve('over'), withinMs);
  });
  const deaf = listening.hopeless.then((why) => `cannot listen for ${adapterId}: ${why}`);
  const said = await Promise.race([heard, deaf, silence(period, listening.ready, withinMs)]);
  await listening.close();
  return said;
}

/** Resolves after the period: with why no event could be received, or with `undefined`. */
async function silence(
  period: Promise<'over'>,
  ready: Promise<void>,
  withinMs: number,
): Promise<string | undefined> {
  const first = await Promise.race([ready.then(() => 'ready' as const), period]);
  if (first === 'over') return `nothing can be heard within ${withinMs / 1_000} s: is the network there?`;
  await period;
  return undefined;
}

function isOf(adapterId: string, event: DecodedEvent): boolean {
  return (event.type === 'connected' || event.type === 'disconnected') && event.adapter.id === adapterId;
}
