import { createPasswordVerifier, hashPassword } from '@rollcall/device-registry';
import { ManualClock, recordingLog, seededRandom } from '@rollcall/conformance';
import { expect, onTestFinished, test } from 'vitest';
import { createLocalLogins } from './local-logins.ts';
import { readPermissions } from './permissions.ts';

function given(users: object) {
  const passwords = createPasswordVerifier({
    clock: new ManualClock(),
    random: seededRandom(1),
    log: recordingLog(),
  });
  onTestFinished(() => passwords.close());
  const permissions = readPermissions(JSON.stringify({ users }));
  const logins = createLocalLogins({ passwords, permissions: () => permissions });
  return async (username: string, password: string, authorizationId = '') => {
    const outcome = await logins.logIn({ username, authorizationId, password: Buffer.from(password) });
    return outcome.status === 'accepted' ? outcome.identity.name : outcome.status;
  };
}

const plain = { mechanism: 'PLAIN', password: 'sécret' };

test('a user logs in with a password that the file has in plain text or hashed', async () => {
  const logIn = given({
    plain,
    sha: { mechanism: 'PLAIN', ...(await hashPassword('of sha')) },
    bcrypt: { mechanism: 'PLAIN', ...(await hashPassword('of bcrypt', 4)) },
  });
  expect(await logIn('plain', 'sécret')).toBe('plain');
  expect(await logIn('sha', 'of sha')).toBe('sha');
  expect(await logIn('bcrypt', 'of bcrypt')).toBe('bcrypt');
  expect(await logIn('plain', 'of sha')).toBe('wrong');
  expect(await logIn('bcrypt', 'of sha')).toBe('wrong');
  expect(await logIn('nobody', 'sécret')).toBe('wrong');
  expect(await logIn('plain', '')).toBe('wrong');
});

test('a component may act as another user, and any other client acts as itself', async () => {
  const logIn = given({ plain, component: { ...plain, authorities: ['hono-component'] } });
  expect(await logIn('component', 'sécret', 'plain')).toBe('plain');
  expect(await logIn('component', 'sécret', 'nobody')).toBe('component');
  expect(await logIn('plain', 'sécret', 'component')).toBe('plain');
});
