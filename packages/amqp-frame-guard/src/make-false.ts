import { code } from './type-codes.ts';

/** Makes the boolean at `at` false, in place; nothing where there is no boolean. */
export function makeFalse(bytes: Uint8Array, at: number | undefined): void {
  if (at === undefined) return;
  if (bytes[at] === code.true) bytes[at] = code.false;
  else if (bytes[at] === code.boolean) bytes[at + 1] = 0;
}
