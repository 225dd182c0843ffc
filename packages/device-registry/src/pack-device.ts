import { deviceRef, type Registration } from '@rollcall/core';
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

/** All that is looked up of a device, as a text. */
export function packDevice({ enabled, via, defaults, ext }: DeviceContent): string {
  const device: Packed = { enabled, via, defaults, ...declared(ext) };
  return JSON.stringify(device);
}

export function unpackDevice(tenant: string, id: string, packed: string): RegisteredDevice {
  // Whatever packDevice made.
  const { enabled, via, ...registration } = JSON.parse(packed) as Packed;
  return { registration: { device: deviceRef(tenant, id), ...registration }, enabled, via };
}

/** What the extension fields of a tenant or a device say. */
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
