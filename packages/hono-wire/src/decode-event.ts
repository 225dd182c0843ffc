import {
  deviceRef,
  type ConnectionId,
  type DeviceRef,
  type Epoch,
  type EventId,
  type Timestamp,
} from '@rollcall/core';
import type { Basis, ConnectedEvent, DisconnectedEvent, RawCause } from '@rollcall/core/events';
import type { JournalFacts, LeaseBasis } from '@rollcall/core/internal';
import { connectionEventContentType } from './content-types.ts';
import type { ReceivedMessage } from './received-message.ts';

interface ReceivedExtras {
  /** Whether this repeats, for late consumers, what was said before. */
  readonly announcement: boolean;
  /** Everything the event said, fields we do not know included. */
  readonly data: Readonly<Record<string, unknown>>;
}

export type ReceivedConnected = ConnectedEvent & ReceivedExtras;

export type ReceivedDisconnected = Omit<DisconnectedEvent, 'reason' | 'initiator'> &
  ReceivedExtras & {
    /** One of `disconnectReasons`, or one that a later version added. */
    readonly reason: string;
    readonly initiator: string;
  };

/** A connection event of Rollcall, as a consumer reads it. */
export type ReceivedEvent = ReceivedConnected | ReceivedDisconnected;

/** A connection event of another Hono adapter: it says neither which connection it is about nor when. */
export interface HonoConnectionEvent {
  readonly type: 'hono';
  readonly cause: 'connected' | 'disconnected';
  readonly device: DeviceRef;
  readonly remoteId: string;
  readonly source: string;
}

/** Anything else, e.g. an event that a device uploaded. */
export interface UnrecognizedMessage {
  readonly type: 'unrecognized';
  readonly problem: string;
  readonly message: ReceivedMessage;
}

export type DecodedEvent = ReceivedEvent | HonoConnectionEvent | UnrecognizedMessage;

/** Our bodies have about one kilobyte; what is far larger is not ours. */
const maxBodyBytes = 65_536;
/** The end of the year 9999: RFC 3339 can write no later time. A time plus such a duration is a time of JavaScript, too. */
const latestMs = Date.UTC(10_000, 0) - 1;
/** Adapters accept no longer interval. */
const longestAnnounceIntervalMs = 2 ** 31 - 1;

type Fields = Readonly<Record<string, unknown>>;

/** Thrown and caught in this file only: reading goes on as long as every field is what it must be. */
class Unreadable extends Error {}

/** Reads a message of the Events API. Never throws. Tolerates reasons and fields it does not know. */
export function decodeEvent(message: ReceivedMessage): DecodedEvent {
  const { contentType, body } = message;
  if (contentType !== connectionEventContentType) return unrecognized('not a connection event', message);
  if ('orig_address' in message.applicationProperties)
    return unrecognized('uploaded by a device, which may name any content type', message);
  if (!body || body.byteLength > maxBodyBytes) return unrecognized('body is missing or too large', message);
  try {
    return readEvent(message, object(parse(body), 'body'));
  } catch (error) {
    if (error instanceof Unreadable) return unrecognized(error.message, message);
    throw error;
  }
}

function readEvent(message: ReceivedMessage, body: Fields): ReceivedEvent | HonoConnectionEvent {
  const device = deviceRef(
    text(message.annotations, 'tenant_id'),
    text(
      'device_id' in message.applicationProperties ? message.applicationProperties : message.annotations,
      'device_id',
    ),
  );
  const cause = text(body, 'cause');
  if (cause !== 'connected' && cause !== 'disconnected')
    throw new Unreadable(`cause is ${JSON.stringify(cause.slice(0, 40))}`);
  const remoteId = text(body, 'remote-id');
  const source = text(body, 'source');
  if (body['data'] === undefined || body['data'] === null)
    return { type: 'hono', cause, device, remoteId, source };

  const data = object(body['data'], 'data');
  const facts: Omit<ReceivedConnected, 'type'> = {
    id: text(data, 'event-id') as EventId,
    connectionId: text(data, 'connection-id') as ConnectionId,
    epoch: epoch(data['epoch']),
    device,
    adapter: { type: source, id: text(data, 'adapter-id'), instance: text(data, 'adapter-instance') },
    remoteId,
    at: time(data, 'at'),
    basis: basis(object(data['basis'], 'basis')),
    protocol: text(data, 'protocol'),
    announcement: message.applicationProperties['rollcall_announcement'] === true,
    data,
    ...ifText('slot', data['slot']),
    ...ifText('remoteAddress', data['remote-address']),
    ...(typeof data['coalesced'] === 'number' && { coalesced: data['coalesced'] }),
    ...ifJournal(data),
  };
  if (cause === 'connected')
    return {
      ...{ type: cause, ...facts },
      ...ifDuration('announceIntervalMs', data['announce-interval-ms'], longestAnnounceIntervalMs),
    };
  return {
    type: cause,
    ...facts,
    ...(data['ended-epoch'] !== undefined && { endedEpoch: epoch(data['ended-epoch']) }),
    connectedAt: time(data, 'connected-at'),
    lastSeen: time(data, 'last-seen'),
    // `at` minus this is a time, too.
    uncertaintyMs: bounded(number(data, 'uncertainty-ms'), facts.at),
    reason: text(data, 'reason'),
    initiator: text(data, 'initiator'),
    clean: data['clean'] === true,
    ...(isObject(data['raw']) && { raw: rawCause(data['raw']) }),
  };
}

/** Epochs are compared as strings, which needs all of one form. */
function epoch(value: unknown): Epoch {
  if (typeof value !== 'string' || !/^[0-9a-f]{16}$/.test(value))
    throw new Unreadable('an epoch is not 16 hexadecimal digits');
  if (Number.parseInt(value.slice(0, 12), 16) > latestMs)
    throw new Unreadable('an epoch is after the year 9999');
  return value as Epoch;
}

/** A later version may know other states: what they mean is not known, and so nothing is concluded. */
function ifJournal({ journal, follows }: Fields): { readonly journal?: JournalFacts } {
  if (journal === 'new') return { journal: { state: 'new' } };
  return journal === 'kept' ? { journal: { state: 'kept', ...ifText('follows', follows) } } : {};
}

function basis(fields: Fields): Basis {
  if (fields['kind'] === 'session') {
    const within = fields['detect-within-ms'];
    return { kind: 'session', detectWithinMs: typeof within === 'number' ? bounded(within, latestMs) : null };
  }
  if (fields['kind'] !== 'lease') throw new Unreadable('basis is neither a session nor a lease');
  return {
    kind: 'lease',
    intervalMs: bounded(number(fields, 'interval-ms'), latestMs),
    // A later version may know other sources: to a consumer they are as good as the default.
    from: leaseSources.find((each) => each === fields['from']) ?? 'default',
    ...ifDuration('detectWithinMs', fields['detect-within-ms']),
    ...(fields['until'] !== undefined && { until: time(fields, 'until') }),
  };
}

const leaseSources: readonly LeaseBasis['from'][] = ['declared', 'learned', 'default', 'ttd'];

function rawCause({ code, text: words }: Fields): RawCause {
  return {
    ...((typeof code === 'number' || typeof code === 'string') && { code }),
    ...ifText('text', words),
  };
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new Unreadable('body is not JSON');
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function object(value: unknown, name: string): Fields {
  if (isObject(value)) return value;
  throw new Unreadable(`${name} is not an object`);
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new Unreadable(`${name} is missing`);
}

function number(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new Unreadable(`${name} is not a number`);
}

/** Within what consumers can compute with. The event counts, also where its adapter computed a duration wrongly. */
function bounded(durationMs: number, mostMs: number): number {
  return Math.min(Math.max(durationMs, 0), mostMs);
}

function time(fields: Fields, name: string): Timestamp {
  const value = Date.parse(text(fields, name));
  if (!(value >= 0 && value <= latestMs)) throw new Unreadable(`${name} is not a time from 1970 to 9999`);
  return value as Timestamp;
}

function ifText<Name extends string>(name: Name, value: unknown): { readonly [Key in Name]?: string } {
  return typeof value === 'string' ? ({ [name]: value } as { readonly [Key in Name]?: string }) : {};
}

/** What is no duration is as good as absent: it only says more about what is said already. */
function ifDuration<Name extends string>(
  name: Name,
  value: unknown,
  mostMs = latestMs,
): { readonly [Key in Name]?: number } {
  // Databases keep whole numbers.
  return typeof value === 'number' && value > 0
    ? ({ [name]: Math.ceil(bounded(value, mostMs)) } as { readonly [Key in Name]?: number })
    : {};
}

function unrecognized(problem: string, message: ReceivedMessage): UnrecognizedMessage {
  return { type: 'unrecognized', problem, message };
}
