import type rhea from 'rhea';
import { internalsOf } from './internals-of.ts';

/** Heart-beats that a peer wants. */
export interface WantedHeartBeats {
  /** Silence, in ms, after which the peer gives us up; greater than 0. */
  readonly withinMs: number;
  /** Sends one: an empty frame (AMQP 1.0 §2.4.5). */
  beat(): void;
}

/**
 * Keeps rhea from sending heart-beats by itself, for servers that do so by their own clock. rhea has a timer of the process for each
 * connection, which goes on where a peer reads nothing, and sends a frame each millisecond to a peer that asks for that.
 *
 * @param connection whose peer has opened, and which has not answered that yet.
 * @returns what the peer wants; `undefined`: it waits without an end.
 */
export function takeOverHeartBeats(connection: rhea.Connection): WantedHeartBeats | undefined {
  const raw = internalsOf(connection);
  const { open } = raw.remote;
  const withinMs = open?.idle_time_out;
  // It is as the peer sent it.
  if (!open || typeof withinMs !== 'number' || !(withinMs > 0)) return undefined;
  open.idle_time_out = 0;
  return { withinMs, beat: () => raw._write_frame(0) };
}
