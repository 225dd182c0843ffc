import type { Refusal } from '@rollcall/access';
import type { UploadResult } from '@rollcall/uplink';
import type { DisconnectedChange, DisconnectReason } from '@rollcall/core';

export const ok = 'ok';

/** An answer as it stands in the bytes. */
export function asSent(line: string): string {
  return `${line}\n`;
}

export function errorLine(text: string): string {
  return `error ${text}`;
}

export function refusalLine({ text }: Refusal): string {
  return errorLine(text);
}

export function uploadLine(result: UploadResult): string {
  if (result.status === 'accepted') return ok;
  const { status, text } = result.failure;
  return errorLine(`${status} ${text}`);
}

const endedByDevice: ReadonlySet<DisconnectReason> = new Set([
  'client-closed',
  'connection-lost',
  'protocol-error',
]);

/** What a device is told once its connection ended; `undefined` where the device ended it itself: its requests still have answers. */
export function endLine({ reason, raw }: DisconnectedChange): string | undefined {
  return endedByDevice.has(reason) ? undefined : errorLine(raw?.text ?? reason);
}
