import type { WriteOutcome } from '../store/registry-write.ts';

/** A device was not registered. The code is the status of the answer. */
export interface Refused {
  readonly status: 'refused';
  readonly code: number;
}

export function refused(code: number): Refused {
  return { status: 'refused', code };
}

/** Why a device that tried to register itself was not written. */
export function refusalOf({ status }: WriteOutcome): Refused {
  if (status === 'limit-reached') return refused(403);
  return refused(status === 'not-found' ? 404 : 409);
}
