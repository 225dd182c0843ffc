// Preloaded into every measured process: at SIGUSR2 it drops its garbage, so that what is left can be compared.
process.on('SIGUSR2', () => globalThis.gc?.());
