import { ManualClock } from '@rollcall/conformance';
import { createCertificateAuthority } from '@rollcall/conformance/certificates';
import { expect, test } from 'vitest';
import type { FollowedSet } from '@rollcall/file-follower';
import { readOptions } from '@rollcall/options';
import { amqpOptions } from './amqp-options.ts';
import { amqpSettings } from './amqp-settings.ts';
import { followSecrets } from './follow-secrets.ts';

const authority = createCertificateAuthority('CN=CA');

function given() {
  const env = { ROLLCALL_MESSAGING_HOST: 'localhost' };
  const first = authority.issue({ subject: 'CN=adapter' });
  const settings = {
    ...amqpSettings('hono-mqtt', readOptions(amqpOptions, env).values),
    password: 'old',
    tls: { ca: authority.cert, cert: first.cert, key: first.key, hostnameVerification: true },
  };
  const sets = new Map<string, FollowedSet>();
  const followed = followSecrets(
    settings,
    { trustStore: 'ca.pem', cert: 'tls.crt', key: 'tls.key', password: 'password' },
    { followFiles: (set) => void sets.set(set.name, set), clock: new ManualClock() },
  );
  return { sets, followed, first };
}

test('the next connect uses what is in the files at that time', () => {
  const { sets, followed, first } = given();
  expect(followed.renewed?.()).toMatchObject({ password: 'old', tls: { cert: first.cert } });
  const next = authority.issue({ subject: 'CN=adapter' });
  expect(sets.get('messaging')?.use([next.key, next.cert])).toMatchObject({ changed: true });
  const other = createCertificateAuthority('CN=other');
  expect(sets.get('messaging-truststore')?.use([other.cert])).toEqual({ changed: true });
  expect(sets.get('messaging-password')?.use(['new\n'])).toEqual({ changed: true });
  expect(followed.renewed?.()).toEqual({
    password: 'new',
    tls: { ca: other.cert, cert: next.cert, key: next.key, hostnameVerification: true },
  });
});

test('a file with the same content is no change, and one that cannot be used changes nothing', () => {
  const { sets, followed, first } = given();
  const before = followed.renewed?.();
  expect(sets.get('messaging')?.use([first.key, first.cert])).toEqual({ changed: false });
  expect(sets.get('messaging-truststore')?.use([authority.cert])).toEqual({ changed: false });
  expect(sets.get('messaging-password')?.use(['old\n'])).toEqual({ changed: false });
  expect(() => sets.get('messaging')?.use([authority.key, first.cert])).toThrow('is not that of');
  expect(() => sets.get('messaging-truststore')?.use(['nothing'])).toThrow('no certificate');
  expect(() => sets.get('messaging-password')?.use(['\n'])).toThrow('is empty');
  expect(followed.renewed?.()).toEqual(before);
});
