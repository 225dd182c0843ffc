import type { Death } from '../wire/death.ts';
import { shortId } from '../wire/short-id.ts';

/** The heir of an incarnation, the heir of that heir, and so on, as short ids. The last one may be alive. */
export function heirOf(instance: string, deaths: ReadonlyMap<string, Death>): readonly string[] {
  const heirs: string[] = [];
  for (let death = deaths.get(instance); death?.state === 'inherited' && death.heir !== undefined;) {
    const heir = shortId(death.heir);
    // No incarnation is its own heir: a circle ends here.
    if (heir === instance || heirs.includes(heir)) return heirs;
    heirs.push(heir);
    death = deaths.get(heir);
  }
  return heirs;
}
