import type { Instant } from '@rollcall/core';
import { later, type Clock } from '@rollcall/core/environment';
import type { PresenceStore, StoredDevice } from '../store/presence-store.ts';
import type { ChangeFeed } from './change-feed.ts';
import { sseFrame } from './sse-frame.ts';
import type { SseStream } from './sse-stream.ts';

export interface WatchTenantOptions {
  readonly tenant: string;
  /** The id of the last event that the reader has, by its request. */
  readonly lastEventId: string | undefined;
  readonly store: Pick<PresenceStore, 'position' | 'list'>;
  readonly feed: ChangeFeed;
  readonly stream: SseStream;
  readonly clock: Clock;
  readonly heartbeatMs: number;
  /** Whether the token of the reader is still there, and still for this. */
  mayStillRead(): Promise<boolean>;
  toJson(device: StoredDevice): object;
  /** How far the stream of events was read. */
  asOfJson(): object;
}

/** Devices in one event of a snapshot. */
const pageDevices = 200;
/** How long the answer about the token of a reader counts. */
const allowedForMs = 5_000;
/** The ids of our stores are far shorter. */
const maxIdLength = 200;

/**
 * Serves one reader until it goes: a snapshot and then the changes, or only the changes since its last id. If these are not
 * available, it gets a `reset`, and a snapshot.
 */
export async function watchTenant(options: WatchTenantOptions): Promise<void> {
  const { stream } = options;
  // The time after which a reader connects again.
  await stream.write('retry: 2000\n\n');
  let position = await resumed(options);
  while (!stream.ended.aborted) {
    position ??= await sendSnapshot(options);
    position = await sendChanges(options, position);
  }
}

async function resumed({
  tenant,
  lastEventId,
  feed,
  stream,
}: WatchTenantOptions): Promise<string | undefined> {
  if (lastEventId === undefined || lastEventId === '') return undefined;
  const isId = lastEventId.length <= maxIdLength && /^[\x21-\x7E]+$/.test(lastEventId);
  if (isId && (await feed.read(tenant, lastEventId)) !== 'gone') return lastEventId;
  await stream.write(
    sseFrame('reset', { detail: 'the changes since this Last-Event-ID are not kept: a snapshot follows' }),
  );
  return undefined;
}

/** @returns the position at which the changes after the snapshot begin. The snapshot may have some of them already: a reader may get them twice. */
async function sendSnapshot({
  tenant,
  store,
  stream,
  toJson,
  asOfJson,
}: WatchTenantOptions): Promise<string> {
  const position = await store.position(tenant);
  let after: string | undefined;
  do {
    const page = await store.list(tenant, { limit: pageDevices, ...(after !== undefined && { after }) });
    if (page.devices.length > 0)
      await stream.write(sseFrame('snapshot', { devices: page.devices.map(toJson) }));
    after = page.next;
  } while (after !== undefined && !stream.ended.aborted);
  // Only the end has an id: a reader that disconnects before gets a whole snapshot again.
  await stream.write(sseFrame('snapshot-end', { 'as-of': asOfJson() }, position));
  return position;
}

/** Sends changes until the reader disconnects. `undefined`: changes were dropped from the log before they were sent. */
async function sendChanges(options: WatchTenantOptions, begin: string): Promise<string | undefined> {
  const { tenant, feed, stream, clock, heartbeatMs } = options;
  let position = begin;
  let heardAt = clock.monotonic();
  let allowedAt = heardAt;
  while (!stream.ended.aborted) {
    const { wakes } = feed;
    const chunk = await feed.read(tenant, position);
    if (clock.monotonic() >= later(allowedAt, allowedForMs)) {
      if (!(await options.mayStillRead())) stream.end();
      allowedAt = clock.monotonic();
    }
    if (chunk === 'gone') {
      await stream.write(
        sseFrame('reset', { detail: 'changes were dropped before they were sent: a snapshot follows' }),
      );
      return undefined;
    }
    if (stream.ended.aborted) break;
    position = chunk.position;
    if (chunk.count > 0) await stream.write(chunk.text);
    else if (await isSilent(options, wakes, later(heardAt, heartbeatMs)))
      await stream.write(sseFrame('heartbeat', { 'as-of': options.asOfJson() }, position));
    // Woken by a change of another tenant: nothing was sent, so the time of the heartbeat stays.
    else continue;
    heardAt = clock.monotonic();
  }
  return position;
}

/** Waits until there may be changes, or a heartbeat is due. @returns whether a heartbeat is due. */
async function isSilent(
  { feed, stream, clock }: WatchTenantOptions,
  wakes: number,
  heartbeatAt: Instant,
): Promise<boolean> {
  const silence = new AbortController();
  const end = (): void => silence.abort();
  stream.ended.addEventListener('abort', end, { once: true });
  const disarm = clock.at(heartbeatAt, end);
  await feed.woken(wakes, silence.signal);
  disarm();
  stream.ended.removeEventListener('abort', end);
  return clock.monotonic() >= heartbeatAt && !stream.ended.aborted;
}
