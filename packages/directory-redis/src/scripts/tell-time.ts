import { nowMs } from './fragments.ts';
import { script } from './script.ts';

/** What time it is. KEYS: any key, to choose the node. Answers the engine's time in ms. */
export const tellTime = script('tell-time', `${nowMs}\nreturn nowMs()`);
