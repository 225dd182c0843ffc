import type rhea from 'rhea';
import { internalsOf } from './internals-of.ts';

/** What a peer says of itself in its Open. Nothing was checked: a value may be of any type. */
export interface PeersOpen {
  readonly container_id?: unknown;
  readonly desired_capabilities?: unknown;
}

/**
 * Has the answer to the peer's Open wait. rhea would give it at once.
 *
 * @param opened told when the peer has opened.
 * @returns gives the answer.
 */
export function answerOpenLater(connection: rhea.Connection, opened: (open: PeersOpen) => void): () => void {
  const raw = internalsOf(connection);
  raw.open = () => opened(raw.remote.open ?? {});
  return () => {
    delete raw.open;
    connection.open();
  };
}
