import { deviceOfFingerprint } from './fingerprints.ts';
import type { Entries, EntryKind } from './registry-entries.ts';

/** Missing devices may be a mistake if there are at least this many, and they are more than this part of all devices. */
const minMissing = 20;
const missingPart = 0.1;
/** How many names are listed. */
const maxShown = 5;

/** What is missing in a file, perhaps by mistake. */
export interface HeldBack {
  readonly devices: number;
  readonly tenants: number;
  /** The first names, whole tenants before devices: `tenant`, or `tenant/device`. The last is `…` if there are more. */
  readonly first: readonly string[];
}

export interface Holding {
  readonly held: HeldBack;
  /** Whether an entry that is no longer in the file is still served. */
  stays(kind: EntryKind, tenant: string, name: string, print: string): boolean;
}

/**
 * Decides whether the file looks as if it was cut off: many devices are missing, or a whole tenant with devices. `undefined`: it
 * does not.
 *
 * @param before fingerprints.
 */
export function holdBack(before: Entries<string>, after: Entries<string>): Holding | undefined {
  const missing = new Map<string, Set<string>>();
  const tenants: string[] = [];
  const first: string[] = [];
  let devices = 0;
  let all = 0;
  for (const [tenant, { device }] of before) {
    const now = after.get(tenant);
    all += device.size;
    if (!now && device.size > 0) tenants.push(tenant);
    const gone = new Set<string>();
    for (const name of device.keys()) if (!now?.device.has(name)) gone.add(name);
    if (now) for (const name of gone) if (first.push(`${tenant}/${name}`) > maxShown) break;
    devices += gone.size;
    missing.set(tenant, gone);
  }
  const isMuch = devices >= minMissing && devices > all * missingPart;
  if (!isMuch && tenants.length === 0) return undefined;
  const isHeld = (tenant: string, device: string): boolean =>
    (isMuch || !after.has(tenant)) && missing.get(tenant)?.has(device) === true;
  const held = isMuch ? devices : countOf(missing, after);
  return {
    held: { devices: held, tenants: tenants.length, first: shown([...tenants, ...(isMuch ? first : [])]) },
    stays(kind, tenant, name, print) {
      if (kind === 'tenant') return (missing.get(tenant)?.size ?? 0) > 0;
      return isHeld(tenant, kind === 'device' ? name : deviceOfFingerprint(print));
    },
  };
}

function shown(names: readonly string[]): readonly string[] {
  return names.length > maxShown ? [...names.slice(0, maxShown), '…'] : names;
}

/** Devices of tenants that are missing as a whole. */
function countOf(missing: ReadonlyMap<string, ReadonlySet<string>>, after: Entries<string>): number {
  let count = 0;
  for (const [tenant, devices] of missing) if (!after.has(tenant)) count += devices.size;
  return count;
}

/** A text of what is held back: how much it is, and the first names. */
export function heldBackText({ devices, tenants, first }: HeldBack): string {
  const whole = tenants === 0 ? '' : `, ${tenants} whole ${tenants === 1 ? 'tenant' : 'tenants'} among them`;
  return `${devices} ${devices === 1 ? 'device is' : 'devices are'} missing${whole}: ${first.join(', ')}`;
}
