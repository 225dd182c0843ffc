import type { AdapterIdentity } from '@rollcall/core/events';
import type { Asker } from '../contact/asker.ts';
import type { ForeignValues } from '../state/foreign-values.ts';
import { readHash } from '../state/read-hash.ts';
import { readDeath, type Death } from '../wire/death.ts';
import { readIdentity } from '../wire/identity.ts';
import type { KeyNames } from '../wire/key-names.ts';
import { unconfirmedSinceIn } from '../wire/sign-of-life.ts';

/** The incarnations of the fleet, by short ids. */
export interface FleetState {
  readonly signs: ReadonlyMap<string, string>;
  readonly deaths: ReadonlyMap<string, Death>;
  readonly identities: ReadonlyMap<string, AdapterIdentity>;
}

/** `undefined`: the engine did not answer every question. */
export async function readFleet({
  asker,
  keys,
  foreign,
}: {
  readonly asker: Asker;
  readonly keys: KeyNames;
  readonly foreign: ForeignValues;
}): Promise<FleetState | undefined> {
  const replies = await Promise.all(
    [keys.leases, keys.deaths, keys.instances].map((key) => asker.look('HGETALL', key)),
  );
  const [signs, deaths, instances] = replies.map((reply) =>
    reply.status === 'answer' && Array.isArray(reply.value) ? (reply.value as readonly unknown[]) : undefined,
  );
  if (!signs || !deaths || !instances) return undefined;
  return {
    signs: readHash(signs, 'sign of life', foreign, (text) =>
      unconfirmedSinceIn(text) === undefined ? undefined : text,
    ),
    deaths: readHash(deaths, 'death', foreign, readDeath),
    identities: readHash(instances, 'instance', foreign, readIdentity),
  };
}
