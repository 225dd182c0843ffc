import { createSideFacts } from '@rollcall/core/internal';
import type { DefaultProperties } from '@rollcall/core/registry';

/** Of a device: its defaults with those of its tenant, which are others after a change. */
const merged = createSideFacts<
  DefaultProperties,
  { readonly tenant: DefaultProperties; readonly both: DefaultProperties }
>();

/** The defaults of a tenant with those of a device, which count more: the same object for the same two, as for every message. */
export function mergedDefaults(tenant: DefaultProperties, device: DefaultProperties): DefaultProperties {
  const known = merged.get(device);
  if (known?.tenant === tenant) return known.both;
  // Most devices have none of their own, and share what was found out about those of their tenant.
  const both = Object.keys(device).length === 0 ? tenant : { ...tenant, ...device };
  merged.set(device, { tenant, both });
  return both;
}
