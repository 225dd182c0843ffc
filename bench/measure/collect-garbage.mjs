// Preloaded into every measured process: at SIGUSR2 it drops its garbage, so that what is left can be compared.
import { apartFromTurns } from './longest-turn.mjs';

process.on('SIGUSR2', () => apartFromTurns(() => globalThis.gc?.()));
