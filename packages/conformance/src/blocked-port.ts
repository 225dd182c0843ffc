import { once } from 'node:events';
import { createServer } from 'node:net';

/** Some of the ports that browsers refuse. None of them needs rights. */
const candidates = [10_080, 6_697, 6_679, 6_669, 6_566, 5_061, 4_190, 4_045, 3_659];

/** A port on loopback that is free, and that browsers refuse to use. */
export async function freeBlockedPort(): Promise<number> {
  // Test files that run beside each other begin with different ones.
  const first = Number(process.env['VITEST_POOL_ID'] ?? 0) % candidates.length;
  for (const port of [...candidates.slice(first), ...candidates.slice(0, first)]) {
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
  throw new Error(`none of the ports ${candidates.join(', ')} is free`);
}
