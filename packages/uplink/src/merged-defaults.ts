import type { DefaultProperties } from '@rollcall/core/registry';

const merged = new WeakMap<DefaultProperties, WeakMap<DefaultProperties, DefaultProperties>>();

/** The defaults of a tenant with those of a device, which count more: the same object for the same two, as for every message. */
export function mergedDefaults(tenant: DefaultProperties, device: DefaultProperties): DefaultProperties {
  let byDevice = merged.get(tenant);
  if (!byDevice) {
    byDevice = new WeakMap();
    merged.set(tenant, byDevice);
  }
  let both = byDevice.get(device);
  if (!both) {
    both = { ...tenant, ...device };
    byDevice.set(device, both);
  }
  return both;
}
