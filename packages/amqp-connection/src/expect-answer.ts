import { later } from '@rollcall/core/environment';
import type { Dialled } from './dial.ts';
import type { LinkHost } from './link-host.ts';

/** How long a peer may take to begin a session, or to end one: neither depends on its consumers. */
const answerWithinMs = 2_000;

/** Hangs up unless the returned function is called in time. */
export function expectAnswer(host: LinkHost, connection: Dialled, cause: string): () => void {
  const { patience } = host;
  const answered = (): void => {
    disarm();
    forget();
  };
  const forget = host.onLost(answered);
  const disarm = patience.at(later(patience.monotonic(), answerWithinMs), () => {
    forget();
    connection.hangUp(false, cause);
  });
  return answered;
}
