export { blockBytes, blockOption, readBlock, szxWithin, type Block } from './wire/block-option.ts';
export type { CoapClock } from './endpoint/coap-clock.ts';
export { coapCode, codeClass, formatCode, isRequestCode, isResponseCode } from './wire/coap-code.ts';
export { createCoapEndpoint, type CoapEndpoint } from './endpoint/coap-endpoint.ts';
export type { CoapEndpointOptions, CoapRefusal } from './endpoint/endpoint-options.ts';
export type { CoapRequest, CoapResponse } from './endpoint/coap-request.ts';
export { defaultCoapLimits, type CoapLimits } from './endpoint/coap-limits.ts';
export type { CoapMessage, CoapMessageType, CoapOption } from './wire/coap-message.ts';
export { coapOption, isCritical } from './wire/coap-option.ts';
export type { CoapStatistics } from './endpoint/coap-statistics.ts';
export { decodeMessage, type CoapFormatError, type CoapFormatProblem } from './wire/decode-message.ts';
export { emptyMessage, encodeMessage } from './wire/encode-message.ts';
export { knownOptions, preconditionOptions, type OptionDefinition } from './wire/option-definition.ts';
export {
  contentFormat,
  findOption,
  readTexts,
  readUint,
  textOption,
  uintOption,
  uriPath,
  uriQuery,
  type HasOptions,
} from './wire/option-values.ts';
export type { PathProbe } from './endpoint/path-probes.ts';
export {
  defaultTransmissionTiming,
  transmitWaitMs,
  type TransmissionTiming,
} from './endpoint/transmission-timing.ts';
