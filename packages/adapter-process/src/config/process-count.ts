import { availableParallelism } from 'node:os';
import { oneOf, wholeNumber } from '@rollcall/options/formats';

const greatest = 256;

/** How many processes: a number, or as many as the machine lets this one use cores. */
export const processCount = oneOf('cores')
  .transform(() => Math.min(greatest, availableParallelism()))
  .or(wholeNumber(1, greatest));
