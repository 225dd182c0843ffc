import type { AuthenticatedDevice, UploadRequest, UploadResult } from '@rollcall/adapter-kit';
import type { UploadFailure } from '@rollcall/core';
import type { IPublishPacket } from 'mqtt-packet';
import { uploadQos } from './qos-rule.ts';
import type { ParsedTopic } from './topics.ts';

type Failed = Extract<UploadResult, { status: 'failed' }>;

/** A PUBLISH as the upload it asks for, or why it asks for none. */
export function uploadRequest(
  packet: IPublishPacket,
  { address, bag }: ParsedTopic,
  by: AuthenticatedDevice,
): UploadRequest | Failed {
  if ('status' in address) return failed(address);
  const qos = uploadQos(address.endpoint, packet.qos);
  if (typeof qos === 'object') return failed(qos);
  const ttlSeconds = bag.get('hono-ttl');
  if (ttlSeconds !== undefined && !/^\d{1,10}$/.test(ttlSeconds))
    return failed({ status: 400, text: 'hono-ttl must be a number of seconds' });
  const contentType = bag.get('content-type') ?? packet.properties?.contentType;
  const traceParent = bag.get('traceparent');
  const traceState = bag.get('tracestate');
  return {
    by,
    endpoint: address.endpoint,
    qos,
    payload: typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload,
    origAddress: packet.topic,
    retain: packet.retain,
    ...(address.target && { target: address.target }),
    ...(contentType !== undefined && { contentType }),
    ...(ttlSeconds !== undefined && { ttlSeconds: Number(ttlSeconds) }),
    ...(traceParent !== undefined && { traceParent }),
    ...(traceState !== undefined && { traceState }),
  };
}

function failed(failure: UploadFailure): Failed {
  return { status: 'failed', failure, terminal: false };
}
