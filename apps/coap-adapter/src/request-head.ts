import { coapCode, type CoapRequest } from '@rollcall/coap';
import { contentFormat, uriPath, uriQuery } from '@rollcall/coap/options';
import type { RequestHead } from './device-request.ts';

const methods: ReadonlyMap<number, RequestHead['method']> = new Map([
  [coapCode.get, 'GET'],
  [coapCode.post, 'POST'],
  [coapCode.put, 'PUT'],
  [coapCode.delete, 'DELETE'],
]);

/** The head of a request: method, path and query as text. */
export function headOf(request: CoapRequest<unknown>): RequestHead {
  const format = contentFormat(request);
  return {
    method: methods.get(request.code) ?? 'other',
    confirmable: request.confirmable,
    path: uriPath(request),
    query: uriQuery(request),
    ...(format !== undefined && { contentFormat: format }),
  };
}
