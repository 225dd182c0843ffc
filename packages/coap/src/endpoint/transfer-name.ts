import type { CoapRequest } from './coap-request.ts';
import { coapOption, isCritical } from '../wire/coap-option.ts';

/**
 * What all requests with blocks of the same body have in common: method, critical options, Content-Format and Request-Tag. That is the
 * cache key (RFC 7959 §2.4, §2.5; RFC 7252 §5.4.2) without the other elective options, which an endpoint may ignore, and which cannot
 * tell bodies apart. A Request-Tag exists to tell them apart; an empty one differs from none (RFC 9175 §3.3). Tokens do not matter: a
 * client may take a new one for each block.
 */
export function transferName({ code, options }: CoapRequest<unknown>): string {
  let name = String(code);
  for (const { number, value } of options)
    if (tellsBodiesApart(number))
      name += ` ${number}:${value.length}:${Buffer.from(value).toString('latin1')}`;
  return name;
}

function tellsBodiesApart(number: number): boolean {
  if (number === coapOption.block1 || number === coapOption.block2) return false;
  return isCritical(number) || number === coapOption.contentFormat || number === coapOption.requestTag;
}
