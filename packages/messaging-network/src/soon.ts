/** Has work done once, soon: asked for any number of times in one turn of the event loop, it is done once after it. */
export function soon(work: () => void): () => void {
  let state: 'idle' | 'scheduled' = 'idle';
  return () => {
    if (state === 'scheduled') return;
    state = 'scheduled';
    setImmediate(() => {
      state = 'idle';
      work();
    });
  };
}
