import { readFrames, type FrameFormat } from '@rollcall/adapter-kit/arrival';
import { parseRequest, type DeviceRequest } from './device-request.ts';
import { tooLong, type ForeseenEnd } from './foresight.ts';

/**
 * The requests that a device sends, one at a time: nothing is read while one is carried out. The last one is the one that
 * ends the session. Every frame before it was found sound when it arrived.
 *
 * @param foreseenEnd what the foresight of the same bytes says: they arrived before they are read here.
 */
export async function* readRequests(
  chunks: AsyncIterable<Uint8Array>,
  format: FrameFormat,
  foreseenEnd: () => ForeseenEnd | undefined,
): AsyncGenerator<DeviceRequest, void, undefined> {
  let frame = 0;
  for await (const cut of readFrames(chunks, format)) {
    frame += 1;
    const end = foreseenEnd();
    const ending = end?.frame === frame ? end.ending : undefined;
    if (ending?.type === 'protocol-error') yield { name: 'invalid', text: ending.text };
    else yield cut.type === 'frame' ? parseRequest(cut.bytes) : { name: 'invalid', text: tooLong };
    if (ending) return;
  }
}
