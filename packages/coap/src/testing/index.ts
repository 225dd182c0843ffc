export type { CoapClientRequest } from './blockwise-request.ts';
export { createCoapClient, type CoapClient, type CoapClientOptions } from './coap-client.ts';
export { createLossyLink, type LossyLink, type LossyLinkOptions } from './lossy-link.ts';
