export {
  createCoapClient,
  type CoapClient,
  type CoapClientOptions,
  type CoapClientRequest,
} from './coap-client.ts';
export { createLossyLink, type LossyLink, type LossyLinkOptions } from './lossy-link.ts';
