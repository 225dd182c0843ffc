import type { Ending, OpenConnection } from '@rollcall/client';
import type { Timestamp } from '@rollcall/core';
import { connected, disconnected } from './received.ts';

/** A connection that began at `atMs`. */
export function openFrom(atMs: number, detectWithinMs: number | null): OpenConnection {
  return connected({ at: atMs as Timestamp, basis: { kind: 'session', detectWithinMs } });
}

/** The end of one that began then, left between `uncertaintyMs` before and `atMs`. */
export function endingFrom(connectedAtMs: number, atMs: number, uncertaintyMs: number): Ending {
  const begin = connected({ at: connectedAtMs as Timestamp });
  return disconnected(begin, { at: atMs as Timestamp, uncertaintyMs });
}
