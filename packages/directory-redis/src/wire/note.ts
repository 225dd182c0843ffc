import type { Epoch, EventId, Timestamp } from '@rollcall/core';
import { disconnectReasons, type ConnectedEvent, type DisconnectedEvent } from '@rollcall/core/events';
import { wireVersion } from './claim.ts';

type Facts = Readonly<Record<string, unknown>>;

/**
 * How a connection ended, in one line: what its `disconnected` has that its `connected` has not, or has otherwise, and the names of what
 * it has not. The record of the connection follows in the next lines: see {@link readNote}.
 */
export function endingText(ending: DisconnectedEvent, connected: ConnectedEvent): string {
  const before: Facts = { ...connected };
  const after: Facts = { ...ending };
  const changed = Object.entries(after).filter(([name, value]) => value !== before[name]);
  const gone = Object.keys(before).filter((name) => after[name] === undefined && before[name] !== undefined);
  return `${wireVersion}${JSON.stringify([Object.fromEntries(changed), gone])}`;
}

/** The line of {@link endingText}, and the record. `undefined`: the text is not a note. */
export function readNote(text: unknown): { readonly ending: string; readonly record: string } | undefined {
  if (typeof text !== 'string' || !/^\d\[/.test(text)) return undefined;
  const end = text.indexOf('\n');
  return end < 0 ? undefined : { ending: text.slice(1, end), record: text.slice(end + 1) };
}

/** The ending, as it was noted; `undefined`: the line is not one. */
export function readEnding(line: string, connected: ConnectedEvent): DisconnectedEvent | undefined {
  const stored = parsed(line);
  if (!stored) return undefined;
  const [changed, gone] = stored;
  const facts: Record<string, unknown> = { ...connected, ...changed };
  for (const name of gone) if (typeof name === 'string') delete facts[name];
  return isEnding(facts) ? facts : undefined;
}

function parsed(line: string): readonly [Facts, readonly unknown[]] | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (!Array.isArray(value)) return undefined;
    const [changed, gone] = value as readonly unknown[];
    const isFacts = typeof changed === 'object' && changed !== null;
    return isFacts && Array.isArray(gone) ? [changed as Facts, gone] : undefined;
  } catch {
    return undefined;
  }
}

function isEnding(facts: Facts): facts is Facts & DisconnectedEvent {
  const { type, id, endedEpoch, reason, clean, initiator } = facts as Partial<
    Omit<DisconnectedEvent, 'id' | 'endedEpoch'>
  > & { readonly id?: EventId; readonly endedEpoch?: Epoch };
  const times: readonly unknown[] = ['at', 'connectedAt', 'lastSeen', 'uncertaintyMs'].map(
    (name) => facts[name],
  );
  return (
    type === 'disconnected' &&
    typeof id === 'string' &&
    (endedEpoch === undefined || /^[0-9a-f]{16}$/.test(endedEpoch)) &&
    typeof reason === 'string' &&
    Object.hasOwn(disconnectReasons, reason) &&
    typeof clean === 'boolean' &&
    typeof initiator === 'string' &&
    times.every(isTime)
  );
}

/** As of `body.ts`. */
const maxTimeMs = 8.64e15;

function isTime(value: unknown): value is Timestamp {
  return typeof value === 'number' && Math.abs(value) <= maxTimeMs;
}
