/**
 * Does `work` for 0 to `count` - 1, at most `limit` at a time.
 * @template Result
 * @param {number} count @param {number} limit @param {(index: number) => Promise<Result>} work
 * @returns {Promise<Result[]>} in the order of the indices
 */
export async function inParallel(count, limit, work) {
  /** @type {Result[]} */
  const results = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(limit, count) }, async () => {
      while (next < count) {
        const index = next++;
        results[index] = await work(index);
      }
    }),
  );
  return results;
}

/**
 * Does `work` for 0 to `count` - 1, `perSecond` of them a second, however long each takes.
 * @template Result
 * @param {number} count @param {number} perSecond @param {(index: number) => Promise<Result>} work
 * @returns {Promise<Result[]>}
 */
export async function atRate(count, perSecond, work) {
  /** @type {Promise<Result>[]} */
  const running = [];
  const begun = performance.now();
  while (running.length < count) {
    const due = Math.min(count, Math.ceil(((performance.now() - begun) / 1_000) * perSecond));
    while (running.length < due) running.push(work(running.length));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return Promise.all(running);
}
