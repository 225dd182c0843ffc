import type rhea from 'rhea';
import { internalsOf } from './internals-of.ts';

/** Lets a peer talk to rhea, which takes whatever reads and writes as a socket does. */
export function acceptSocket(connection: rhea.Connection, socket: object): void {
  internalsOf(connection).accept(socket);
}
