/**
 * Runs each step once the one before is over, whatever became of that one.
 *
 * @throws what a step threw; an `AggregateError` where several did. After the last step.
 */
export async function runAll(steps: Iterable<() => unknown>): Promise<void> {
  const errors: unknown[] = [];
  for (const step of steps)
    try {
      await step();
    } catch (error) {
      errors.push(error);
    }
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, errors.map(String).join('; '));
}
