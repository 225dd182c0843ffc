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
      ? 'messages arrive that are no connection events: they are left to others'
      : 'messages arrive that are no connection events: they are not shown',
  );
  if (shared) throw new LeftToOthers('not for us');
}

/** Gives a message back. */
export class LeftToOthers extends Error {}
