import type { Death } from '../wire/death.ts';
import { shortId } from '../wire/short-id.ts';

/** Who inherited from an incarnation, and who from that one, in order, as short ids. The last one may live. */
export function heirOf(instance: string, deaths: ReadonlyMap<string, Death>): readonly string[] {
  const heirs: string[] = [];
  for (let death = deaths.get(instance); death?.state === 'inherited' && death.heir !== undefined;) {
    const heir = shortId(death.heir);
    // Nobody inherits from himself.
    if (heir === instance || heirs.includes(heir)) return heirs;
    heirs.push(heir);
    death = deaths.get(heir);
  }
  return heirs;
}
