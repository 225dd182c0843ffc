/**
 * Does `work` so many times, with `window` of them under way. Callbacks, for more promises would cost as much as what is measured.
 * @template Result
 * @param {number} count @param {number} window @param {() => Promise<Result>} work
 * @param {(result: Result) => boolean} succeeded
 * @returns {Promise<void>} rejects with the first failure
 */
export function inWindow(count, window, work, succeeded) {
  return new Promise((resolve, reject) => {
    let begun = 0;
    let ended = 0;
    const begin = () => {
      begun += 1;
      work().then(end, reject);
    };
    const end = (/** @type {Result} */ result) => {
      ended += 1;
      if (!succeeded(result)) reject(new Error(JSON.stringify(result)));
      else if (ended === count) resolve();
      else if (begun < count) begin();
    };
    while (begun < Math.min(window, count)) begin();
  });
}
