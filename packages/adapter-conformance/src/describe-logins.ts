import { scriptedPassword } from '@rollcall/conformance/registry';
import { silentLog, systemClock, systemRandom } from '@rollcall/core/environment';
import type { PasswordSecret, PasswordVerifier } from '@rollcall/core/registry';
import { describeLoginFlood, type LoginFloodHarness } from './describe-login-flood.ts';
import { describeLoginTimes } from './describe-login-times.ts';

/** What a registry package has for passwords: this one knows none. */
interface PasswordTools {
  createPasswordVerifier(context: {
    readonly clock: typeof systemClock;
    readonly random: typeof systemRandom;
    readonly log: typeof silentLog;
  }): PasswordVerifier & { close(): Promise<void> };
  hashPassword(
    password: string,
    cost: number,
  ): Promise<{ readonly 'hash-function': PasswordSecret['hashFunction']; readonly 'pwd-hash': string }>;
}

/** Floods of failed logins, and how long logins take, over one protocol, with passwords that are slow to compare. */
export async function describeLogins(
  protocol: string,
  harness: LoginFloodHarness,
  { createPasswordVerifier, hashPassword }: PasswordTools,
): Promise<void> {
  describeLoginFlood(protocol, harness);
  const slow = await hashPassword(scriptedPassword, 10);
  describeLoginTimes(protocol, {
    ...harness,
    createPasswords: () =>
      createPasswordVerifier({ clock: systemClock, random: systemRandom, log: silentLog }),
    secret: { hashFunction: slow['hash-function'], pwdHash: slow['pwd-hash'] },
  });
}
