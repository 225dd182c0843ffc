import type { AuthenticatedDevice } from '@rollcall/access';
import type { UploadRequest, UploadResult } from '@rollcall/uplink';
import type { UploadFailure } from '@rollcall/core/device-data';
import type { IPublishPacket, UserProperties } from 'mqtt-packet';
import type { ParsedTopic } from './topics.ts';

type Failed = Extract<UploadResult, { status: 'failed' }>;

/** A PUBLISH as the upload it asks for, or why it asks for none. */
export function uploadRequest(
  packet: IPublishPacket,
  { address, bag }: ParsedTopic,
  by: AuthenticatedDevice | undefined,
): UploadRequest | Failed {
  if ('status' in address) return failed(address);
  const { properties } = packet;
  const ttlSeconds = secondsOf(bag.get('hono-ttl')) ?? properties?.messageExpiryInterval;
  // An empty one is none.
  const contentType = bag.get('content-type') || properties?.contentType || undefined;
  const traceParent = bag.get('traceparent');
  const traceState = bag.get('tracestate');
  return {
    ...(by && { by }),
    endpoint: address.endpoint,
    // To the network QoS 2 is as 1.
    qos: packet.qos > 0 ? 1 : 0,
    payload: typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload,
    origAddress: packet.topic,
    retain: packet.retain,
    ...(address.target && { target: address.target }),
    ...(contentType !== undefined && { contentType }),
    ...(ttlSeconds !== undefined && { ttlSeconds }),
    ...(traceParent !== undefined && { traceParent }),
    ...(traceState !== undefined && { traceState }),
    ...(properties?.userProperties && { properties: pairsOf(properties.userProperties) }),
  };
}

/** Hono takes no notice of a `hono-ttl` that is no number of seconds. */
function secondsOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\+?\d{1,10}$/.test(text) ? Number(text) : undefined;
}

function pairsOf(properties: UserProperties): readonly (readonly [name: string, value: string])[] {
  return Object.entries(properties).flatMap(([name, values]) =>
    [values].flat().map((value) => [name, value] as const),
  );
}

function failed(failure: UploadFailure): Failed {
  return { status: 'failed', failure, terminal: false };
}
