/** What is worked on in one turn of the event loop: none of it may take long, whatever there is of it. */
const perTurn = 200;

/** Does one after the other, and lets everybody else have their turn again and again. */
export async function inTurns<Item>(
  items: Iterable<Item>,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  let inTurn = 0;
  // Whatever comes or goes meanwhile is none of these.
  for (const item of [...items]) {
    if (inTurn === perTurn) {
      inTurn = 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
    inTurn += 1;
    await work(item);
  }
}
