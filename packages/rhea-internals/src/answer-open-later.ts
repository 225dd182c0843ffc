import type rhea from 'rhea';
import { internalsOf } from './internals-of.ts';

/** Fields of a peer's Open. They are not checked: a value may be of any type. */
export interface PeersOpen {
  readonly container_id?: unknown;
  readonly desired_capabilities?: unknown;
}

/**
 * Delays the answer to the peer's Open, which rhea would give at once.
 *
 * @param opened called when the peer has opened.
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
