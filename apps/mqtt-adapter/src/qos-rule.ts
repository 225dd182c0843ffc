import type { UploadFailure } from '@rollcall/core';
import type { UploadAddress } from '@rollcall/adapter-kit';

/** The QoS with which an endpoint takes messages, or why it does not take this one (`docs/hono-compatibility.md` §7). */
export function uploadQos(endpoint: UploadAddress['endpoint'], qos: number): 0 | 1 | UploadFailure {
  if (endpoint === 'event')
    return qos === 1 ? 1 : { status: 400, text: 'Only QoS 1 supported for event messages' };
  return qos === 0 || qos === 1 ? qos : { status: 400, text: 'QoS 2 not supported for telemetry messages' };
}
