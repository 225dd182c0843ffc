import type { CoapLimits } from '@rollcall/coap';

/** Requests whose answer is awaited. Devices that wait for a command (`hono-ttd`) are among them. */
const maxWorking = 100_000;

export function coapLimits(maxPayloadBytes: number): Partial<CoapLimits> {
  return { maxBodyBytes: maxPayloadBytes, maxWorking };
}
