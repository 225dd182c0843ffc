import { hash } from 'node:crypto';
import { createFailureLimiter } from '@rollcall/access/internal';
import { sleep, type Clock } from '@rollcall/core/environment';
import type { LoginOutcome, Logins, PlainLogin } from './identity.ts';

export interface ThrottledLoginsOptions {
  readonly clock: Clock;
  readonly logins: Logins;
  /** How many ms after the try a failure is answered, or a multiple of it, so that the time reveals nothing. */
  readonly failureAnswerMs: number;
}

export interface ThrottledLogins {
  /** Never rejects. Resolves late if the login fails. */
  logIn(login: PlainLogin, remoteIp: string): Promise<LoginOutcome>;
}

/** Limits how often logins fail. A client with too many failures is told to try later, and its password is not checked. */
export function createThrottledLogins({
  clock,
  logins,
  failureAnswerMs,
}: ThrottledLoginsOptions): ThrottledLogins {
  const limiter = createFailureLimiter({ clock, isShared: () => false });
  /** Tries under way, by what they present. */
  const underWay = new Map<string, Promise<LoginOutcome>>();

  async function decide(login: PlainLogin, remoteIp: string): Promise<LoginOutcome> {
    const trier = { address: remoteIp, name: login.username };
    const throttle = limiter.throttle(trier);
    if (throttle !== 'free' && throttle !== 'spare') return { status: 'unavailable' };
    const attempt = limiter.begin(trier);
    const outcome = await logins.logIn(login);
    if (outcome.status === 'wrong') attempt.failed(true);
    else attempt.over();
    // The address has too many failures: only the right password is answered otherwise.
    return throttle === 'spare' && outcome.status === 'wrong' ? { status: 'unavailable' } : outcome;
  }

  /** Many connections that a client opens at once are one try: each try counts as failed until it is decided. */
  function decideOnce(login: PlainLogin, remoteIp: string): Promise<LoginOutcome> {
    const { authorizationId, username, password } = login;
    const key = JSON.stringify([remoteIp, username, authorizationId, hash('sha256', password)]);
    const same = underWay.get(key);
    if (same) return same;
    const outcome = decide(login, remoteIp).finally(() => underWay.delete(key));
    underWay.set(key, outcome);
    return outcome;
  }

  return {
    async logIn(login, remoteIp) {
      const begunAt = clock.monotonic();
      const outcome = await decideOnce(login, remoteIp);
      if (outcome.status === 'accepted') return outcome;
      const elapsedMs = clock.monotonic() - begunAt;
      const steps = Math.max(1, Math.ceil(elapsedMs / failureAnswerMs));
      await sleep(clock, steps * failureAnswerMs - elapsedMs);
      return outcome;
    },
  };
}
