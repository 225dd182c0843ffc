import type { AdapterIdentity } from '@rollcall/core';
import type { Asker } from '../contact/asker.ts';
import type { ForeignValues } from '../state/foreign-values.ts';
import { readDeath, type Death } from '../wire/death.ts';
import { readIdentity } from '../wire/identity.ts';
import type { KeyNames } from '../wire/key-names.ts';
import { fullId } from '../wire/short-id.ts';

/** Who is in the fleet, by short ids. */
export interface FleetState {
  readonly signs: ReadonlyMap<string, string>;
  readonly deaths: ReadonlyMap<string, Death>;
  readonly identities: ReadonlyMap<string, AdapterIdentity>;
}

const signPattern = /^\d \d+ \d+ [0-9a-f]{16}$/;

/** `undefined`: the engine did not answer to all of it. */
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
    signs: readAll(signs, 'sign of life', foreign, (text) => (signPattern.test(text) ? text : undefined)),
    deaths: readAll(deaths, 'death', foreign, readDeath),
    identities: readAll(instances, 'instance', foreign, readIdentity),
  };
}

function readAll<Value>(
  flat: readonly unknown[],
  what: string,
  foreign: ForeignValues,
  read: (text: string, instance: string) => Value | undefined,
): ReadonlyMap<string, Value> {
  const all = new Map<string, Value>();
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const short = String(flat[at]);
    const instance = fullId(short);
    const value = instance === undefined ? undefined : read(String(flat[at + 1]), instance);
    if (value === undefined) foreign.found(what, `${short}: ${String(flat[at + 1])}`);
    else all.set(short, value);
  }
  return all;
}
