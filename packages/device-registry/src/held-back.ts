import { deviceOfFingerprint } from './fingerprints.ts';
import type { Entries, EntryKind } from './registry-entries.ts';

/** So many devices must be missing, and more than this part of all, until it may be a mistake. */
const minMissing = 20;
const missingPart = 0.1;
/** Names told of. */
const maxShown = 5;

/** What is missing in a file, and may be so by mistake. */
export interface HeldBack {
  readonly devices: number;
  readonly tenants: number;
  /** The first of them, whole tenants before devices: `tenant`, or `tenant/device`; `…` behind them where there are more. */
  readonly first: readonly string[];
}

export interface Holding {
  readonly held: HeldBack;
  /** Whether an entry that is not in the file any more stays all the same. */
  stays(kind: EntryKind, tenant: string, name: string, print: string): boolean;
}

/**
 * Decides whether what is missing looks like a file that was cut off: many devices, or a whole tenant with devices. `undefined`: it does not.
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

/** Devices of tenants that are not there. */
function countOf(missing: ReadonlyMap<string, ReadonlySet<string>>, after: Entries<string>): number {
  let count = 0;
  for (const [tenant, devices] of missing) if (!after.has(tenant)) count += devices.size;
  return count;
}

/** Of what is held back, in words: how much, and the first names. */
export function heldBackText({ devices, tenants, first }: HeldBack): string {
  const whole = tenants === 0 ? '' : `, ${tenants} whole ${tenants === 1 ? 'tenant' : 'tenants'} among them`;
  return `${devices} ${devices === 1 ? 'device is' : 'devices are'} missing${whole}: ${first.join(', ')}`;
}
