import { formatCode } from '@rollcall/coap/codec';
import type { CoapClient, CoapClientRequest } from '@rollcall/coap/testing';

/** Sends a reading to a path, e.g. `event?hono-ttd=0`. Resolves with the code of the answer, e.g. `2.04`. */
export async function sendText(
  client: CoapClient,
  path: string,
  request: CoapClientRequest = {},
): Promise<string> {
  const [segments = '', query] = path.split('?');
  const answer = await client.request({
    path: segments.split('/'),
    ...(query !== undefined && { query: query.split('&') }),
    payload: Buffer.from('21.5'),
    ...request,
  });
  return formatCode(answer.code);
}
