import { readUploadAddress, type UploadAddress } from '@rollcall/adapter-kit';

/** No address is longer; it would fill messages and logs. */
const maxLength = 1_024;

/** Reads the `to` of a message (`docs/hono-compatibility.md` §12); `undefined` where it names nothing that can be uploaded to. */
export function parseUploadAddress(to: unknown): UploadAddress | undefined {
  if (typeof to !== 'string' || to.length > maxLength) return undefined;
  const address = readUploadAddress(to);
  return typeof address === 'string' ? undefined : address;
}
