declare const brand: unique symbol;
type Brand<Value, Name extends string> = Value & { readonly [brand]: Name };

/** UUIDv7. Identity of one event for ever: the same on every re-send. */
export type EventId = Brand<string, 'EventId'>;

/** UUIDv7. The same in the `connected` and the `disconnected` of one connection. */
export type ConnectionId = Brand<string, 'ConnectionId'>;

/**
 * 16 lower-case hex digits: 48 bits of milliseconds, 16 bits of counter (a hybrid logical clock). Compares as a
 * string; strictly increasing within one adapter id.
 */
export type Epoch = Brand<string, 'Epoch'>;

/** The least epoch that is greater. */
export function epochAfter(epoch: Epoch): Epoch {
  return (BigInt(`0x${epoch}`) + 1n).toString(16).padStart(16, '0') as Epoch;
}

/** Milliseconds since the Unix epoch, on the wall clock: for people and for messages. May step. */
export type Timestamp = Brand<number, 'Timestamp'>;

/** Milliseconds on a clock that never steps, from an arbitrary start: for durations and deadlines. */
export type Instant = Brand<number, 'Instant'>;

export type TenantId = Brand<string, 'TenantId'>;
export type DeviceId = Brand<string, 'DeviceId'>;

export interface DeviceRef {
  readonly tenant: TenantId;
  readonly device: DeviceId;
}

/** Names a device from validated parts, e.g. of a topic or of the registry. */
export function deviceRef(tenant: string, device: string): DeviceRef {
  return { tenant: tenant as TenantId, device: device as DeviceId };
}

/** A string that is equal exactly for equal devices: for map keys. Tenant ids hold no line feed. */
export function deviceKey(ref: DeviceRef): string {
  return `${ref.tenant}\n${ref.device}`;
}
