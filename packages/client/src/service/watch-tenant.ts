import { later, sleep, type Clock } from '@rollcall/core/environment';
import type { DevicePresence } from '../device-presence.ts';
import { list, object, readPresence, UnreadableAnswer } from './read-presence.ts';
import { sseEvents, type SseEvent } from './sse-events.ts';

/** What a presence service reports to a reader. */
export type PresenceNews =
  /** A snapshot begins: earlier state may be old, and devices that are not in the snapshot are forgotten. */
  | { readonly type: 'reset' }
  /** A device of the snapshot. */
  | { readonly type: 'snapshot'; readonly presence: DevicePresence }
  /** The snapshot is complete. */
  | { readonly type: 'snapshot-end' }
  | { readonly type: 'change'; readonly presence: DevicePresence };

export interface WatchTenantOptions {
  open(headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response>;
  /** Whether the same request would get the same answer again. */
  isRefusal(error: unknown): boolean;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

const firstPauseMs = 500;
const maxPauseMs = 30_000;
/** The service sends something every 15 s, or as configured: after this time of silence the connection counts as gone. */
const silenceMs = 60_000;

/** Reads a stream of changes, and continues from the last change when it is lost. @throws UnreadableAnswer */
export async function* watchTenant(options: WatchTenantOptions): AsyncGenerator<PresenceNews> {
  const { clock, signal = new AbortController().signal } = options;
  let lastId: string | undefined;
  let pauseMs = firstPauseMs;
  while (!signal.aborted) {
    const connection = new AbortController();
    const end = (): void => connection.abort();
    signal.addEventListener('abort', end, { once: true });
    try {
      if (lastId === undefined) yield { type: 'reset' };
      for await (const event of streamOf(options, lastId, connection)) {
        pauseMs = firstPauseMs;
        yield* newsIn(event);
        // Only now: what could not be read is not skipped.
        if (event.id !== undefined) lastId = event.id;
      }
    } catch (error) {
      if (options.isRefusal(error) || error instanceof UnreadableAnswer) throw error;
    } finally {
      signal.removeEventListener('abort', end);
      end();
    }
    await sleep(clock, pauseMs, signal);
    pauseMs = Math.min(pauseMs * 2, maxPauseMs);
  }
}

async function* streamOf(
  { open, clock }: WatchTenantOptions,
  lastId: string | undefined,
  connection: AbortController,
): AsyncGenerator<SseEvent> {
  const arm = (): (() => void) => clock.at(later(clock.monotonic(), silenceMs), () => connection.abort());
  let disarm = arm();
  try {
    const headers = { accept: 'text/event-stream', ...(lastId !== undefined && { 'last-event-id': lastId }) };
    const { body, headers: answered } = await open(headers, connection.signal);
    if (!body) return;
    // A proxy, or another service, may answer at the URL.
    if (!/^text\/event-stream\b/i.test(answered.get('content-type') ?? ''))
      throw new UnreadableAnswer('the answer is not a stream of events');
    for await (const event of sseEvents(body)) {
      disarm();
      disarm = arm();
      yield event;
    }
  } finally {
    disarm();
  }
}

function* newsIn({ event, data }: SseEvent): Generator<PresenceNews> {
  const json: unknown = JSON.parse(data);
  switch (event) {
    case 'reset':
      yield { type: 'reset' };
      break;
    case 'snapshot':
      for (const each of list(object(json, 'a snapshot'), 'devices'))
        yield { type: 'snapshot', presence: readPresence(each) };
      break;
    case 'snapshot-end':
      yield { type: 'snapshot-end' };
      break;
    case 'change':
      yield { type: 'change', presence: readPresence(json) };
      break;
    default:
    // A heartbeat, or what a later version adds.
  }
}
