import type { Registry } from 'prom-client';

/** The series of a registry, a line each, without help and types. */
export async function seriesOf(registry: Registry): Promise<readonly string[]> {
  return (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}
