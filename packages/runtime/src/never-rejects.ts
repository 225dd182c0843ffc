/**
 * Serves one device by something that may reject, or throw, although it should not: a registry, a sender. Then the device gets
 * `instead`, and others go on.
 */
export async function neverRejects<Result>(
  work: () => Promise<Result>,
  instead: (error: unknown) => Result,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    return instead(error);
  }
}
