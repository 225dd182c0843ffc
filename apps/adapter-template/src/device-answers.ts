import type { Refusal } from '@rollcall/access';
import type { UploadResult } from '@rollcall/uplink';
import type { DisconnectReason } from '@rollcall/core/events';
import type { DisconnectedChange } from '@rollcall/core/tracker';

/** An answer as it stands in the bytes. A text of the messaging network may have line feeds: it stays one answer. */
function answer(text: string): Uint8Array {
  return Buffer.from(`${text.replaceAll(/[\r\n]+/g, ' ')}\n`);
}

export const ok = answer('ok');

export function errorAnswer(text: string): Uint8Array {
  return answer(`error ${text}`);
}

export function refusalAnswer({ text }: Refusal): Uint8Array {
  return errorAnswer(text);
}

export function uploadAnswer(result: UploadResult): Uint8Array {
  if (result.status === 'accepted') return ok;
  const { status, text } = result.failure;
  return errorAnswer(`${status} ${text}`);
}

const endedByDevice: ReadonlySet<DisconnectReason> = new Set([
  'client-closed',
  'connection-lost',
  'protocol-error',
]);

/** What a device is told once its connection ended; `undefined` where the device ended it itself: its requests still have answers. */
export function endAnswer({ reason, raw }: DisconnectedChange): Uint8Array | undefined {
  return endedByDevice.has(reason) ? undefined : errorAnswer(raw?.text ?? reason);
}
