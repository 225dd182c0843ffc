import { TransportError, type ConnectionId, type DeviceRef } from '@rollcall/core';
import type { DirectoryPlace } from '@rollcall/core/directory';
import type { Shared } from '../shared.ts';
import { bucketOf } from '../wire/bucket-of.ts';
import { readClaim } from '../wire/claim.ts';
import { deviceName } from '../wire/field-text.ts';
import { shortId } from '../wire/short-id.ts';
import type { LivingInstances } from './living-instances.ts';

/** Where devices are connected, as the engine says. */
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
