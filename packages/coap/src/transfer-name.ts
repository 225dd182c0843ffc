import type { CoapRequest } from './coap-exchange.ts';
import { coapOption, isCritical } from './coap-option.ts';

/**
 * What requests have in common that carry blocks of one body: method, critical options and Content-Format. That is the cache key
 * (RFC 7959 §2.4, §2.5; RFC 7252 §5.4.2) without the elective options that an endpoint may ignore, which cannot tell bodies apart.
 * Tokens do not matter: a client may take a new one for each block.
 */
export function transferName({ code, options }: CoapRequest<unknown>): string {
  let name = String(code);
  for (const { number, value } of options) {
    if (number === coapOption.block1 || number === coapOption.block2) continue;
    if (isCritical(number) || number === coapOption.contentFormat)
      name += ` ${number}:${value.length}:${Buffer.from(value).toString('latin1')}`;
  }
  return name;
}
