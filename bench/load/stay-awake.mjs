/**
 * Does `work`, and never sleeps meanwhile: to wake whoever sleeps costs the process that sends to it more than many an answer does,
 * while devices elsewhere cost it nothing.
 * @template Result @param {() => Promise<Result>} work @returns {Promise<Result>}
 */
export async function stayAwake(work) {
  let isOver = false;
  const turn = () => {
    if (!isOver) setImmediate(turn);
  };
  turn();
  try {
    return await work();
  } finally {
    isOver = true;
  }
}
