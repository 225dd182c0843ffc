import type { StoredConnection } from '../store/presence-store.ts';
import type { AsOf } from './as-of.ts';

/** Whether a device was connected at a time. */
export type WasConnected =
  | { readonly answer: 'yes'; readonly connectionId: string }
  | { readonly answer: 'no' }
  | {
      readonly answer: 'uncertain';
      readonly because:
        /** The device left somewhere between. */
        | 'left-between'
        /** It may have left, and the adapter may not have noticed yet. */
        | 'not-noticed-yet'
        /** Its adapter does not report the connection any more. */
        | 'silent'
        /** That time is not known: it was before the service began, or is not kept any more, or nothing is known of the device. */
        | 'not-covered'
        /** The stream was not read that far, or the time is in the future. */
        | 'not-read-yet';
      /** An absent end is unknown. */
      readonly between: { readonly fromMs?: number; readonly toMs?: number };
      readonly connectionId?: string;
    };

export interface Coverage extends Pick<AsOf, 'at' | 'coveredSince' | 'isComplete'> {
  /** Connections that ended earlier have been dropped. */
  readonly keptSinceMs: number;
  /** Whether any connection of the device is known. Others may have been forgotten, or its adapter reports none. */
  readonly isKnown: boolean;
}

/**
 * The answer is `yes` only if a connection is known to have been open at that time, and `no` only if all connections of that time are
 * known. Otherwise it is `uncertain`.
 *
 * @param connections those that may have been open at `time`.
 * @param now what is known of the device now. Without any of its connections, it may have been forgotten, or it is at an adapter that
 * reports no connections.
 */
export function wasConnected(
  time: number,
  connections: readonly StoredConnection[],
  coverage: Coverage,
): WasConnected {
  const { at: readThrough, coveredSince, isComplete, keptSinceMs, isKnown } = coverage;
  const found = connections.map((connection) => ofOne(time, connection, readThrough));
  const yes = found.find((each) => each.answer === 'yes');
  if (yes) return yes;
  if (readThrough === undefined || time > readThrough)
    return uncertain('not-read-yet', { ...(readThrough !== undefined && { fromMs: readThrough }) });
  const unsure = found.find((each) => each.answer === 'uncertain');
  if (unsure) return unsure;
  const knownFrom = Math.max(coveredSince, keptSinceMs);
  if (time < knownFrom) return uncertain('not-covered', { toMs: knownFrom });
  // Not all connections from before the service began are announced, or those of this device are not told.
  if (!isComplete || !isKnown) return uncertain('not-covered', { fromMs: coveredSince });
  return { answer: 'no' };
}

function ofOne(
  time: number,
  { connection, ending, silent, takenOverAt }: StoredConnection,
  readThrough: number | undefined,
): WasConnected {
  const { connectionId } = connection;
  if (time < connection.at) return { answer: 'no' };
  if (ending) {
    const leftFrom = Math.max(connection.at, ending.at - ending.uncertaintyMs);
    if (time >= ending.at) return { answer: 'no' };
    if (time < leftFrom) return { answer: 'yes', connectionId };
    return uncertain('left-between', { fromMs: leftFrom, toMs: ending.at }, connectionId);
  }
  if (takenOverAt !== undefined)
    return time >= takenOverAt
      ? { answer: 'no' }
      : uncertain('left-between', { fromMs: connection.at, toMs: takenOverAt }, connectionId);
  if (silent) return uncertain('silent', { fromMs: connection.at }, connectionId);
  if (readThrough === undefined || time > readThrough) return { answer: 'no' };
  const { basis } = connection;
  const detectWithinMs =
    basis.detectWithinMs ?? (basis.kind === 'lease' ? basis.intervalMs : Number.POSITIVE_INFINITY);
  const sureUntil = Math.max(connection.at, readThrough - detectWithinMs);
  if (time <= sureUntil) return { answer: 'yes', connectionId };
  return uncertain('not-noticed-yet', { fromMs: sureUntil }, connectionId);
}

function uncertain(
  because: Extract<WasConnected, { answer: 'uncertain' }>['because'],
  between: Extract<WasConnected, { answer: 'uncertain' }>['between'],
  connectionId?: string,
): WasConnected {
  return { answer: 'uncertain', because, between, ...(connectionId !== undefined && { connectionId }) };
}
