import type { Client } from 'aedes';
import type { ISubscribePacket, IUnsubscribePacket, Packet } from 'mqtt-packet';
import { keepFiltersApart, knowSubscription } from './aedes/aedes-internals.ts';
import type { Session } from './open-session.ts';
import type { Addressee } from './write-packet.ts';

/** The code of a refused filter in a SUBACK, in every version (MQTT 3.1.1 §3.9.3). */
const subscriptionRefused = 0x80;

const commandNames: ReadonlySet<string> = new Set(['command', 'c']);
const requestNames: ReadonlySet<string> = new Set(['req', 'q']);

/**
 * The QoS granted for a filter, or {@link subscriptionRefused}. Filters for commands are granted, to devices and
 * gateways, in the forms of `docs/hono-compatibility.md` §7; but for errors, nothing else can be subscribed to.
 *
 * @param tenant of the device; absent: it did not say who it is, and must name tenant and device.
 */
export function grantSubscription(filter: string, qos: number, tenant: string | undefined): number {
  const segments = filter.split('/');
  const [first = '', tenantSegment = '', device = '', request = '', last] = segments;
  const forCommands =
    segments.length === 5 && commandNames.has(first) && requestNames.has(request) && last === '#';
  const isItsOwn =
    tenant === undefined
      ? [tenantSegment, device].every((segment) => segment !== '' && segment !== '+')
      : tenantSegment === '' || tenantSegment === tenant;
  return forCommands && isItsOwn && (qos === 0 || qos === 1) ? qos : subscriptionRefused;
}

/** Judges the filters of a SUBSCRIBE. aedes grants what is not refused here: a refused filter carries the code for the SUBACK. */
export function grantFilters(
  packet: ISubscribePacket,
  { identity, errors }: Pick<Session, 'identity' | 'errors'>,
): void {
  for (const subscription of packet.subscriptions) {
    const { topic, qos } = subscription;
    if (!errors.add(topic, qos))
      (subscription as { qos: number }).qos = grantSubscription(topic, qos, identity?.device.tenant);
  }
  keepFiltersApart(packet);
}

/** Takes out the filters of an UNSUBSCRIBE. Of those that there were, the UNSUBACK says so. */
export function endFilters(
  { unsubscriptions }: IUnsubscribePacket,
  { errors }: Pick<Session, 'errors'>,
  client: Client,
): void {
  for (const filter of unsubscriptions) if (errors.remove(filter)) knowSubscription(client, filter);
}

/** Whether a device takes no packet as long as the SUBACK or UNSUBACK. That has a byte for each filter, and 7 before them at most. */
export function isAnswerTooLong(packet: Packet, { maxPacketBytes }: Addressee): boolean {
  if (maxPacketBytes === undefined) return false;
  if (packet.cmd === 'subscribe') return packet.subscriptions.length + 7 > maxPacketBytes;
  return packet.cmd === 'unsubscribe' && packet.unsubscriptions.length + 7 > maxPacketBytes;
}
