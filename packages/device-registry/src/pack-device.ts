import { deviceRef } from '@rollcall/core';
import type { Registration } from '@rollcall/core/registry';
import type { DeviceContent } from './schema.ts';

interface Packed extends Omit<Registration, 'device'> {
  readonly enabled: boolean;
  readonly via: readonly string[];
}

/** A device as it is registered, enabled or not. */
export interface RegisteredDevice {
  readonly registration: Registration;
  readonly enabled: boolean;
  /** Gateways that may act for it. */
  readonly via: readonly string[];
}

/** Packs the fields of a device that are looked up into one text. */
export function packDevice({ enabled, via, defaults, ext }: DeviceContent): string {
  const device: Packed = { enabled, via, defaults, ...declared(ext) };
  return JSON.stringify(device);
}

type Unpacked = Pick<RegisteredDevice, 'enabled' | 'via'> & {
  readonly registration: Omit<Registration, 'device'>;
};

/** Unpacked values by their text. Most messages need the same few texts, and many devices have the same one. */
const unpacked = new Map<string, Unpacked>();
const maxUnpacked = 1_000;
const longestUnpacked = 1_024;

/**
 * The same text gives the same objects while it is in use: other code uses the object of default properties as a key for what it
 * derived from them.
 */
function unpack(packed: string): Unpacked {
  const before = unpacked.get(packed);
  if (before) return before;
  // Only packDevice makes this text, so it is not checked.
  const { enabled, via, ...registration } = JSON.parse(packed) as Packed;
  const content = { enabled, via, registration };
  if (packed.length > longestUnpacked) return content;
  if (unpacked.size >= maxUnpacked) unpacked.clear();
  unpacked.set(packed, content);
  return content;
}

export function unpackDevice(tenant: string, id: string, packed: string): RegisteredDevice {
  const { enabled, via, registration } = unpack(packed);
  return { registration: { device: deviceRef(tenant, id), ...registration }, enabled, via };
}

/** What the extension fields of a tenant or a device declare. */
export function declared(
  ext: DeviceContent['ext'],
): Pick<Registration, 'presenceIntervalSeconds' | 'presenceProbe' | 'maxConnectionsPerDevice'> {
  const seconds = ext?.['presence-interval'];
  const probe = ext?.['presence-probe'];
  const maxConnections = ext?.['max-connections-per-device'];
  return {
    ...(seconds !== undefined && { presenceIntervalSeconds: seconds }),
    ...(probe !== undefined && { presenceProbe: probe }),
    ...(maxConnections !== undefined && { maxConnectionsPerDevice: maxConnections }),
  };
}
