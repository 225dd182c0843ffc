import { TransportError, type ConnectionId, type DeviceRef } from '@rollcall/core';
import type { DirectoryPlace } from '@rollcall/core/directory';
import type { Shared } from '../shared.ts';
import { bucketOf } from '../wire/bucket-of.ts';
import { readClaim } from '../wire/claim.ts';
import { deviceName, slotField, type Competition } from '../wire/field-text.ts';
import { shortId } from '../wire/short-id.ts';
import type { LivingInstances } from './living-instances.ts';

/** Where devices are connected, according to the engine. */
export async function placesOf(
  devices: readonly DeviceRef[],
  shared: Shared,
  living: LivingInstances,
): Promise<readonly DirectoryPlace[]> {
  if (!shared.asker.inTouch) throw new TransportError('the connection directory is away');
  const [alive, ...found] = await Promise.all([
    living.get(),
    ...devices.map((device) => placesOfOne(device, shared)),
  ]);
  if (!alive) throw new TransportError('the connection directory does not answer');
  return found.flat().filter(({ instance }) => alive.has(shortId(instance)));
}

/** Whether a living instance holds what such a connection of the device would compete for. */
export async function isHeld(
  device: DeviceRef,
  competition: Competition,
  { asker, keys }: Pick<Shared, 'asker' | 'keys'>,
  living: Pick<LivingInstances, 'get'>,
): Promise<boolean> {
  if (!asker.canAsk) return false;
  const name = deviceName(device);
  const [alive, reply] = await Promise.all([
    living.get(),
    asker.look('HGET', keys.devices(bucketOf(name)) + name, slotField(competition, '')),
  ]);
  const claim = reply.status === 'answer' ? readClaim(reply.value) : undefined;
  return claim !== undefined && alive?.has(shortId(claim.instance)) === true;
}

async function placesOfOne(device: DeviceRef, { asker, keys, foreign }: Shared): Promise<DirectoryPlace[]> {
  const name = deviceName(device);
  const reply = await asker.look('HVALS', keys.devices(bucketOf(name)) + name);
  if (reply.status === 'none') throw new TransportError('the connection directory does not answer');
  if (reply.status === 'refused' || !Array.isArray(reply.value)) return [];
  return reply.value.flatMap((text: unknown) => {
    const claim = readClaim(text);
    if (!claim) foreign.found('claim', text);
    return claim ? [{ device, connection: claim.connection as ConnectionId, instance: claim.instance }] : [];
  });
}
