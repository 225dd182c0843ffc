// Encodes and decodes CoAP messages, without an endpoint.
export { codeClass, formatCode } from './wire/coap-code.ts';
export type { CoapMessage } from './wire/coap-message.ts';
export { type CoapFormatError, type CoapFormatProblem, decodeMessage } from './wire/decode-message.ts';
export { emptyMessage, encodeMessage } from './wire/encode-message.ts';
