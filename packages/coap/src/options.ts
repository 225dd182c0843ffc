// Options of requests and answers (RFC 7252 §5.10): reading and writing their values.
export { coapOption } from './wire/coap-option.ts';
export { preconditionOptions } from './wire/option-definition.ts';
export {
  contentFormat,
  findOption,
  readTexts,
  readUint,
  textOption,
  uintOption,
  uriPath,
  uriQuery,
} from './wire/option-values.ts';
