import { ManualClock, seededRandom, recordingLog } from '@rollcall/conformance';
import { scriptedPassword, ScriptedRegistry, scriptedPasswords } from '@rollcall/conformance/registry';
import type { PasswordVerifier } from '@rollcall/core/registry';
import {
  createAuthenticator,
  defaultLogins,
  type AuthenticatorOptions,
} from '../authentication/authenticator.ts';

export function given(facts: Partial<AuthenticatorOptions> & { readonly clock?: ManualClock } = {}) {
  const clock = facts.clock ?? new ManualClock();
  const registry = new ScriptedRegistry();
  const log = recordingLog();
  const causes: string[] = [];
  let verified = 0;
  const passwords = facts.passwords ?? scriptedPasswords(clock);
  const counting: PasswordVerifier = {
    ...passwords,
    verify(...asked) {
      verified += 1;
      return passwords.verify(...asked);
    },
  };
  const authenticator = createAuthenticator({
    registry,
    clock,
    random: seededRandom(1),
    log,
    adapterType: 'hono-test',
    admission: { maxRunning: 200, maxWaiting: 1_000, maxWaitMs: 8_000 },
    logins: { ...defaultLogins, isShared: (address) => address === '198.51.100.1' },
    observer: { attempted: ({ cause }) => cause !== undefined && causes.push(cause) },
    ...facts,
    passwords: counting,
  });

  async function outcome(username: string, password: string, remoteIp: string): Promise<string> {
    const result = await authenticator.authenticate({
      username,
      password: Buffer.from(password),
      remoteIp,
    });
    return result.status === 'accepted' ? 'accepted' : result.refusal.reason;
  }

  /** What becomes of a login, and when, in ms. */
  async function timed(
    username: string,
    password = scriptedPassword,
    remoteIp = '192.0.2.1',
  ): Promise<readonly [string, number]> {
    const begunAt = clock.monotonic();
    const result = outcome(username, password, remoteIp).then((reason): readonly [string, number] => [
      reason,
      clock.monotonic() - begunAt,
    ]);
    await clock.advanceAsync(10_000);
    return result;
  }

  /** Has the name throttled at the address. */
  async function throttle(username: string, remoteIp = '192.0.2.1'): Promise<void> {
    const guesses = Array.from({ length: 10 }, (_, guess) => outcome(username, `guess-${guess}`, remoteIp));
    await clock.advanceAsync(300);
    await Promise.all(guesses);
  }

  return { clock, registry, log, authenticator, causes, outcome, timed, throttle, verified: () => verified };
}

export const device = 'thermostat-7@acme';
