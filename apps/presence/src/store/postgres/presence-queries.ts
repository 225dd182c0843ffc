import { openQueries, type Queries } from '@rollcall/postgres';
import { StoreUnavailable } from '../store-unavailable.ts';

/** `presence` in ASCII, cut to 31 bits. */
const writersLock = 0x70_72_65_73;

export function presenceQueries(url: string, onIdleError: (error: Error) => void): Queries {
  return openQueries({
    ...{ url, writersLock, onIdleError },
    unavailable: (message, options) => new StoreUnavailable(message, options),
  });
}
