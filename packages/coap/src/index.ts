export { blockBytes, blockOption, readBlock, szxWithin, type Block } from './block-option.ts';
export type { CoapClock } from './coap-clock.ts';
export { coapCode, codeClass, formatCode, isRequestCode, isResponseCode } from './coap-code.ts';
export {
  createCoapEndpoint,
  type CoapEndpoint,
  type CoapEndpointOptions,
  type CoapRefusal,
} from './coap-endpoint.ts';
export type { CoapRequest, CoapResponse } from './coap-exchange.ts';
export { defaultCoapLimits, type CoapLimits } from './coap-limits.ts';
export type { CoapMessage, CoapMessageType, CoapOption } from './coap-message.ts';
export { coapOption, isCritical } from './coap-option.ts';
export type { CoapStatistics } from './coap-statistics.ts';
export { decodeMessage, type CoapFormatError, type CoapFormatProblem } from './decode-message.ts';
export { emptyMessage, encodeMessage } from './encode-message.ts';
export { knownOptions, preconditionOptions, type OptionDefinition } from './option-definition.ts';
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
} from './option-values.ts';
export type { PathProbe } from './path-probes.ts';
export { defaultTransmissionTiming, transmitWaitMs, type TransmissionTiming } from './transmission-timing.ts';
