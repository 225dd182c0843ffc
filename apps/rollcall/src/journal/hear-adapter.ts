import { consumerSettings } from '@rollcall/amqp-sender/internal';
import { systemClock, type Clock } from '@rollcall/core/environment';
import type { DecodedEvent } from '@rollcall/hono-wire';
import { ListeningPeriod } from '../network/listening-period.ts';
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
 * @param tell called with what keeps us from listening, and with what silence means.
 */
export async function hearAdapter(
  { adapterId, queue, dropOthers, withinMs, ...to }: Listening,
  tell: (line: string) => void,
  clock: Clock = systemClock,
): Promise<string | undefined> {
  const settings = reach(to, process.env);
  const found = watchedSource(settings.network, { tenants: ['#'], queue, dropOthers });
  if ('problem' in found) return `${found.problem}; or bury with --unheard, without listening`;
  const { promise: heard, resolve: hear } = Promise.withResolvers<string>();
  const period = new ListeningPeriod({ clock, periodMs: withinMs, tell });
  const listening = openWatch(
    {
      ...consumerSettings(settings),
      ...found.source,
      ...(queue === undefined && { tenants: 'all' as const }),
      onEvent(event) {
        if (isOf(adapterId, event)) hear(`${adapterId} is alive: it was heard`);
      },
      onStateChange: (attached) => period.onStateChange(attached),
      onOther() {
        if (found.shared) throw new Error('not for us');
      },
    },
    tell,
  );
  const deaf = listening.hopeless.then((why) => `cannot listen for ${adapterId}: ${why}`);
  const silent = period.over.then((why) => {
    if (why !== undefined) return `cannot listen for ${adapterId}: ${why}`;
    tell(silenceInWords(adapterId, withinMs));
    return undefined;
  });
  const said = await Promise.race([heard, deaf, silent]);
  period.close();
  await listening.close();
  return said;
}

/** Silence is no proof: an adapter whose devices are quiet speaks only with its announcements. */
function silenceInWords(adapterId: string, withinMs: number): string {
  const often = 'ROLLCALL_CONNECTIONEVENTS_ANNOUNCEINTERVAL (an hour by default)';
  return `listened for ${withinMs / 1_000} s, and ${adapterId} was not heard. With quiet devices an adapter speaks only once per ${often}: --wait SECONDS listens longer`;
}

function isOf(adapterId: string, event: DecodedEvent): boolean {
  return (event.type === 'connected' || event.type === 'disconnected') && event.adapter.id === adapterId;
}
