import { once } from 'node:events';
import type { Server } from 'node:net';

const againAfterMs = 20;

/**
 * Resolves once the server listens at `port`, where it was told to begin. A port that was given up may be a client's for a moment:
 * the system gives clients any port that is free. It is tried again then.
 *
 * @throws Error where it cannot listen for another reason
 */
export async function listening(server: Server, port: number): Promise<void> {
  for (;;) {
    try {
      await once(server, 'listening');
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      await new Promise((resolve) => setTimeout(resolve, againAfterMs));
      server.listen(port, '127.0.0.1');
    }
  }
}
