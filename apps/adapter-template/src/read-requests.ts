import { readFrames } from '@rollcall/adapter-kit';
import { requestFormat } from './request-format.ts';
import { parseRequest, type DeviceRequest } from './device-request.ts';

/**
 * Understands the lines that a device sends, one at a time: nothing is read while a request is carried out. Of a line
 * without an end, `maxLineBytes` are held, then it is over.
 */
export async function* readRequests(
  chunks: AsyncIterable<Uint8Array>,
  maxLineBytes: number,
): AsyncGenerator<DeviceRequest, void, undefined> {
  for await (const cut of readFrames(chunks, requestFormat(maxLineBytes)))
    yield cut.type === 'frame' ? parseRequest(cut.bytes) : { name: 'invalid', text: 'line too long' };
}
