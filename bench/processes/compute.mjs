// Computes all the time, until whoever started it ends it, or is gone: it looks several times a second.
const sliceMs = 100;

process.on('disconnect', () => process.exit());
process.send?.('ready');
compute();

function compute() {
  const until = performance.now() + sliceMs;
  while (performance.now() < until);
  setImmediate(compute);
}
