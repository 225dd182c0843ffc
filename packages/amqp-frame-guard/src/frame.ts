import type { GuardLimits } from './guard-limits.ts';
import { Malformed } from './malformed.ts';
import { readPerformative, type Performative } from './performative.ts';

/** Bytes of frame header before the body, at least (AMQP 1.0 §2.3.1). */
const headerBytes = 8;
export const frameTypes = { amqp: 0, sasl: 1 } as const;

/** Where the body of a frame begins. @throws Malformed where it has none, or the frame is of another type. */
export function bodyOf(frame: Uint8Array, type: number): number {
  const start = (frame[4] ?? 0) * 4;
  if (start < headerBytes || start > frame.length)
    throw new Malformed('a frame begins its body elsewhere', 'amqp:connection:framing-error');
  if (frame[5] !== type) throw new Malformed('a frame is of another type', 'amqp:connection:framing-error');
  return start;
}

export function channelOf(frame: Uint8Array): number {
  return ((frame[6] ?? 0) << 8) | (frame[7] ?? 0);
}

export function performativeOf(frame: Uint8Array, start: number, limits: GuardLimits): Performative {
  return readPerformative(frame, start, frame.length, {
    valuesLeft: limits.maxValues,
    maxDepth: limits.maxDepth,
  });
}

export function expectNoPayload({ end }: Performative, frame: Uint8Array): void {
  if (end !== frame.length)
    throw new Malformed('a frame goes on after its performative', 'amqp:connection:framing-error');
}
