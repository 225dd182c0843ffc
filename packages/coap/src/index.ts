// CoAP for a server: the endpoint. Options of requests and answers: options.ts. Messages alone: codec.ts.
export type { CoapClock } from './endpoint/coap-clock.ts';
export { type CoapEndpoint, createCoapEndpoint } from './endpoint/coap-endpoint.ts';
export type { CoapLimits } from './endpoint/coap-limits.ts';
export type { CoapRequest, CoapResponse } from './endpoint/coap-request.ts';
export type { CoapStatistics } from './endpoint/coap-statistics.ts';
export type { CoapEndpointOptions, CoapRefusal } from './endpoint/endpoint-options.ts';
export {
  defaultTransmissionTiming,
  type TransmissionTiming,
  transmitWaitMs,
} from './endpoint/transmission-timing.ts';
export { coapCode } from './wire/coap-code.ts';
