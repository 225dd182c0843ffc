import type { CoapLimits } from '@rollcall/coap';

/** How many requests may wait for their answer. Devices that wait for a command (`hono-ttd`) are among them. */
const maxWorking = 100_000;

export function coapLimits(maxPayloadBytes: number): Partial<CoapLimits> {
  return { maxBodyBytes: maxPayloadBytes, maxWorking };
}
