import { coapCode } from '../wire/coap-code.ts';
import { noBytes, type CoapMessage } from '../wire/coap-message.ts';
import { coapOption } from '../wire/coap-option.ts';
import { emptyMessage, encodeMessage } from '../wire/encode-message.ts';
import { findOption, uintOption } from '../wire/option-values.ts';
import type { CoapRequest, CoapResponse } from './coap-request.ts';

/** Max-Age of a refusal: how long the client should wait. */
const refusedMaxAgeS = 2;

/** The answer to a request with a critical option that is not understood (RFC 7252 §5.4.1). */
export function badOptionAnswer({ type, id, token }: CoapMessage, badOption: number): Buffer {
  if (type !== 'CON') return emptyMessage('RST', id);
  const payload = Buffer.from(`critical option ${badOption}`);
  return encodeMessage({ type: 'ACK', code: coapCode.badOption, id, token, options: [], payload });
}

/** The answer to a confirmable request for which there is no room. */
export function noRoomAnswer({ id, token }: CoapMessage): Buffer {
  const options = [uintOption(coapOption.maxAge, refusedMaxAgeS)];
  const code = coapCode.serviceUnavailable;
  return encodeMessage({ type: 'ACK', code, id, token, options, payload: noBytes });
}

/** Refuses requests to a proxy (RFC 7252 §5.7.2) and unknown methods (RFC 7252 §5.8, RFC 8132) without the handler. */
export function notForUs(request: CoapRequest<unknown>): CoapResponse | undefined {
  if (findOption(request, coapOption.proxyUri) ?? findOption(request, coapOption.proxyScheme))
    return { code: coapCode.proxyingNotSupported };
  return request.code > coapCode.iPatch ? { code: coapCode.methodNotAllowed } : undefined;
}
