import { settled } from '@rollcall/conformance';
import { createDeviceKey, tokenClaims } from '@rollcall/conformance/certificates';
import { scriptedDeviceKey } from '@rollcall/conformance/registry';
import { describe, expect, test } from 'vitest';
import { device, given } from '../testing/given-authenticator.ts';

describe('a login with a token', () => {
  function givenTokens() {
    const all = given();
    const { clock, authenticator } = all;
    /** What becomes of it, and when, in ms. */
    async function present(token: string, authId: string): Promise<readonly [string, number]> {
      const begunAt = clock.monotonic();
      const login = { tenant: 'acme', authId, token, remoteIp: '192.0.2.1' };
      const told: (readonly [string, number])[] = [];
      const result = Promise.resolve(authenticator.authenticate(login)).then(
        (said): readonly [string, number] => {
          const reason = said.status === 'accepted' ? 'accepted' : said.refusal.reason;
          told.push([reason, clock.monotonic() - begunAt]);
          return told[0] ?? ['', 0];
        },
      );
      // Signatures are verified in other threads, however long that takes.
      for (await settled(); told.length === 0; await settled()) await clock.advanceAsync(100);
      return result;
    }
    const claims = tokenClaims(clock.now(), 'acme', 'thermostat-7');
    return { ...all, present, claims };
  }

  test('that fails is answered as a wrong password is, whether the name exists or not', async () => {
    const { present, claims, causes, log } = givenTokens();
    const forged = createDeviceKey().sign(claims);
    const [reason, afterMs] = await present(forged, 'thermostat-7');
    expect([reason, afterMs % 300]).toEqual(['bad-credentials', 0]);
    expect(await present(forged, 'nobody')).toEqual(['bad-credentials', 300]);
    expect(causes).toEqual(['wrong-secret', 'unknown-device']);
    const logged = JSON.stringify(log.lines);
    expect(logged).toContain('thermostat-7@acme');
    for (const part of forged.split('.')) expect(logged).not.toContain(part);
  });

  test('that fails too often is throttled, by the name that passwords are throttled by', async () => {
    const { authenticator, clock, present, claims, throttle, outcome } = givenTokens();
    const login = { tenant: 'acme', authId: 'nobody', remoteIp: '192.0.2.1' };
    const tokens = Array.from({ length: 10 }, (_, jti) => scriptedDeviceKey.sign({ ...claims, jti }));
    const tried = tokens.map(async (token) => authenticator.authenticate({ ...login, token }));
    await clock.advanceAsync(300);
    await Promise.all(tried);
    const password = outcome('nobody@acme', 'guess', '192.0.2.1');
    await clock.advanceAsync(5_000);
    expect(await password).toBe('throttled');
    await throttle('gw-1@acme');
    expect((await present(scriptedDeviceKey.sign(claims), 'gw-1'))[0]).toBe('throttled');
    expect((await present(scriptedDeviceKey.sign(claims), 'thermostat-7'))[0]).toBe('accepted');
  });

  test('that was proved from there gets in where others are throttled', async () => {
    const { present, claims, throttle } = givenTokens();
    const token = scriptedDeviceKey.sign(claims);
    expect((await present(token, 'thermostat-7'))[0]).toBe('accepted');
    await throttle(device);
    expect((await present(token, 'thermostat-7'))[0]).toBe('accepted');
  });
});
