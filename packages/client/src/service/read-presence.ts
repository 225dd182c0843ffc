import {
  deviceRef,
  type ConnectionId,
  type DeviceRef,
  type Epoch,
  type EventId,
  type Timestamp,
} from '@rollcall/core';
import type { Basis } from '@rollcall/core/events';
import type { LeaseBasis } from '@rollcall/core/internal';
import type { DevicePresence, Ending, OpenConnection } from '../device-presence.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The answer of a presence service is not valid: another server may answer at this address. */
export class UnreadableAnswer extends Error {
  override readonly name = 'UnreadableAnswer';
}

/** Reads a device in an answer of the presence service. @throws UnreadableAnswer */
export function readPresence(json: unknown): DevicePresence {
  const fields = object(json, 'a device');
  const device = deviceRef(text(fields, 'tenant'), text(fields, 'device'));
  const connections = list(fields, 'connections').map((each) => readConnection(device, each));
  switch (fields['status']) {
    case 'online':
      return { status: 'online', device, since: time(fields, 'since'), connections };
    case 'offline':
      return {
        status: 'offline',
        device,
        since: time(fields, 'since'),
        ending: readEnding(device, fields['last-ending']),
      };
    // A later version of the service may send a value that this version does not know.
    default:
      return { status: 'unknown', device, connections, ...ifSaid(device, fields['said']) };
  }
}

function readConnection(device: DeviceRef, json: unknown): OpenConnection {
  const fields = object(json, 'a connection');
  const adapter = object(fields['adapter'], 'adapter');
  return {
    connectionId: text(fields, 'connection-id') as ConnectionId,
    epoch: text(fields, 'epoch') as Epoch,
    device,
    adapter: {
      type: text(adapter, 'type'),
      id: text(adapter, 'id'),
      instance: text(adapter, 'instance'),
    },
    remoteId: text(fields, 'remote-id'),
    at: time(fields, 'connected-at'),
    basis: readBasis(object(fields['basis'], 'basis')),
    protocol: text(fields, 'protocol'),
    ...ifText('slot', fields['slot']),
    ...ifText('remoteAddress', fields['remote-address']),
  };
}

/** How a connection of a device ended. */
export interface DeviceEnding {
  readonly device: DeviceRef;
  /** The present status of the device: it may be back. */
  readonly status: DevicePresence['status'];
  readonly ending: Ending;
}

/** Reads an ending of a tenant in an answer of the presence service. @throws UnreadableAnswer */
export function readDeviceEnding(tenant: string, json: unknown): DeviceEnding {
  const fields = object(json, 'an ending');
  const device = deviceRef(tenant, text(fields, 'device'));
  const { status } = fields;
  return {
    device,
    // A later version of the service may send a value that this version does not know.
    status: status === 'online' || status === 'offline' ? status : 'unknown',
    ending: readEnding(device, fields),
  };
}

function readEnding(device: DeviceRef, json: unknown): Ending {
  const fields = object(json, 'last-ending');
  const { at: connectedAt, ...facts } = readConnection(device, fields);
  return {
    ...facts,
    id: text(fields, 'event-id') as EventId,
    at: time(fields, 'at'),
    connectedAt,
    lastSeen: time(fields, 'last-seen'),
    uncertaintyMs: number(fields, 'uncertainty-ms'),
    reason: text(fields, 'reason'),
    initiator: text(fields, 'initiator'),
    clean: fields['clean'] === true,
    ...(typeof fields['ended-epoch'] === 'string' && { endedEpoch: fields['ended-epoch'] as Epoch }),
    ...(typeof fields['coalesced'] === 'number' && { coalesced: fields['coalesced'] }),
    ...(isObject(fields['raw']) && { raw: fields['raw'] }),
  };
}

function readBasis(fields: Fields): Basis {
  const within = fields['detect-within-ms'];
  if (fields['kind'] === 'session')
    return { kind: 'session', detectWithinMs: typeof within === 'number' ? within : null };
  return {
    kind: 'lease',
    intervalMs: number(fields, 'interval-ms'),
    from: text(fields, 'from') as LeaseBasis['from'],
    ...(typeof within === 'number' && { detectWithinMs: within }),
    ...(fields['until'] !== undefined && { until: time(fields, 'until') }),
  };
}

function ifSaid(device: DeviceRef, said: unknown): Pick<DevicePresence & { status: 'unknown' }, 'said'> {
  if (!isObject(said)) return {};
  const cause = said['cause'] === 'connected' ? 'connected' : 'disconnected';
  return {
    said: { type: 'hono', cause, device, remoteId: text(said, 'remote-id'), source: text(said, 'source') },
  };
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function object(value: unknown, name: string): Fields {
  if (isObject(value)) return value;
  throw new UnreadableAnswer(`${name} is not an object`);
}

export function list(fields: Fields, name: string): readonly unknown[] {
  const value = fields[name];
  if (Array.isArray(value)) return value;
  throw new UnreadableAnswer(`${name} is not a list`);
}

export function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === 'string') return value;
  throw new UnreadableAnswer(`${name} is not a text`);
}

function number(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value === 'number') return value;
  throw new UnreadableAnswer(`${name} is not a number`);
}

export function time(fields: Fields, name: string): Timestamp {
  const at = Date.parse(text(fields, name));
  if (Number.isNaN(at)) throw new UnreadableAnswer(`${name} is not a time`);
  return at as Timestamp;
}

function ifText<Name extends string>(name: Name, value: unknown): { readonly [Key in Name]?: string } {
  return typeof value === 'string' ? ({ [name]: value } as { readonly [Key in Name]?: string }) : {};
}
