import { refusalStatuses, type Refusal } from '@rollcall/access';
import { coapCode, type CoapResponse } from '@rollcall/coap';
import { coapOption, uintOption } from '@rollcall/coap/options';

/** Why a request cannot be done, for its device: an HTTP status, and a text. */
export interface Problem {
  readonly status: number;
  readonly text: string;
}

/** Seconds that a device is asked to wait where trying again may help. */
const retryAfterSeconds = 2;
const textPlain = 0;
const linkFormat = 40;

export const changed: CoapResponse = { code: coapCode.changed };

/** The resources of the adapter, as Hono lists them (RFC 6690). */
export const resources: CoapResponse = {
  code: coapCode.content,
  options: [uintOption(coapOption.contentFormat, linkFormat)],
  payload: Buffer.from('</command_response>,</cr>,</e>,</event>,</t>,</telemetry>'),
};

/** @param isGateway the request is about another device. As in Hono, the answer then says that the gateway is not registered. */
export function answerRefusal({ reason, text }: Refusal, isGateway = false): CoapResponse {
  if (isGateway && reason === 'device-not-registered')
    return answerProblem({ status: 403, text: 'gateway is disabled or not registered' });
  return answerProblem({ status: refusalStatuses[reason], text });
}

/** The response code has the digits of the status (RFC 7252 §5.9): 404 is 4.04. */
export function answerProblem({ status, text }: Problem): CoapResponse {
  const contentFormat = uintOption(coapOption.contentFormat, textPlain);
  const maxAge = uintOption(coapOption.maxAge, retryAfterSeconds);
  return {
    code: codes.has(status) ? (Math.floor(status / 100) << 5) | (status % 100) : coapCode.internalServerError,
    // The time after which to try again (RFC 7252 §5.9.3.4, RFC 8516 §2).
    options: status === 503 || status === 429 ? [contentFormat, maxAge] : [contentFormat],
    payload: Buffer.from(text),
  };
}

/** Statuses that CoAP has a code for. */
const codes: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 413, 429, 500, 501, 503]);
