import { coapOption } from './coap-option.ts';

/** What an option may look like (RFC 7252 §5.10). */
export interface OptionDefinition {
  readonly number: number;
  readonly format: 'empty' | 'opaque' | 'string' | 'uint';
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly repeatable?: boolean;
}

/**
 * The options that an endpoint understands (RFC 7252 §5.10, RFC 7641 §2, RFC 7959 §2.1 and §4, RFC 9175 §3.2). If-Match and
 * If-None-Match are not among them: only a handler can act on them, so it has to name them.
 */
export const knownOptions: readonly OptionDefinition[] = [
  { number: coapOption.uriHost, format: 'string', minBytes: 1, maxBytes: 255 },
  { number: coapOption.eTag, format: 'opaque', minBytes: 1, maxBytes: 8, repeatable: true },
  { number: coapOption.observe, format: 'uint', minBytes: 0, maxBytes: 3 },
  { number: coapOption.uriPort, format: 'uint', minBytes: 0, maxBytes: 2 },
  { number: coapOption.locationPath, format: 'string', minBytes: 0, maxBytes: 255, repeatable: true },
  { number: coapOption.uriPath, format: 'string', minBytes: 0, maxBytes: 255, repeatable: true },
  { number: coapOption.contentFormat, format: 'uint', minBytes: 0, maxBytes: 2 },
  { number: coapOption.maxAge, format: 'uint', minBytes: 0, maxBytes: 4 },
  { number: coapOption.uriQuery, format: 'string', minBytes: 0, maxBytes: 255, repeatable: true },
  { number: coapOption.accept, format: 'uint', minBytes: 0, maxBytes: 2 },
  { number: coapOption.locationQuery, format: 'string', minBytes: 0, maxBytes: 255, repeatable: true },
  { number: coapOption.block2, format: 'uint', minBytes: 0, maxBytes: 3 },
  { number: coapOption.block1, format: 'uint', minBytes: 0, maxBytes: 3 },
  { number: coapOption.size2, format: 'uint', minBytes: 0, maxBytes: 4 },
  { number: coapOption.proxyUri, format: 'string', minBytes: 1, maxBytes: 1034 },
  { number: coapOption.proxyScheme, format: 'string', minBytes: 1, maxBytes: 255 },
  { number: coapOption.size1, format: 'uint', minBytes: 0, maxBytes: 4 },
  { number: coapOption.requestTag, format: 'opaque', minBytes: 0, maxBytes: 8, repeatable: true },
];

/** Two options that a handler may name if it acts on them. */
export const preconditionOptions: readonly OptionDefinition[] = [
  { number: coapOption.ifMatch, format: 'opaque', minBytes: 0, maxBytes: 8, repeatable: true },
  { number: coapOption.ifNoneMatch, format: 'empty', minBytes: 0, maxBytes: 0 },
];
