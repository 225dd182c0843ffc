// Loaded into each process under test: it ends when the process that runs the tests does, whatever ends that one.
process.on('disconnect', () => process.exit(1));
// The channel by itself keeps nothing running.
process.channel?.unref();
