import type { DecodedEvent, HonoConnectionEvent, ReceivedEvent } from '@rollcall/core/wire';

/**
 * Shows what Hono's own adapters say, and tells once that it is not put together.
 *
 * @param shared whether others may receive it instead.
 * @param tell told of each kind of what arrives.
 * @throws LeftToOthers where it is given back.
 */
export function takeOther(
  message: Exclude<DecodedEvent, ReceivedEvent>,
  shared: boolean,
  tell: (line: string) => void,
  show: (event: HonoConnectionEvent) => void,
): void {
  if (message.type === 'hono') {
    tell(
      `events of ${message.source} name no connections, as those of Hono's own adapters: what they say is shown, and not put together`,
    );
    show(message);
    return;
  }
  tell(
    shared
      ? `messages arrive that are no connection events: they are left to others (${takesThemOut})`
      : 'messages arrive that are no connection events: they are not shown',
  );
  if (shared) throw new LeftToOthers('not for us');
}

const takesThemOut = 'in a queue of your own, --drop-others takes them out';

/** Why nothing more is seen where the others are none. */
export const onlyOthers = `so many messages that are no connection events come again and again that what is behind them does not arrive: nobody else takes them (${takesThemOut})`;

/** Gives a message back. */
export class LeftToOthers extends Error {}
