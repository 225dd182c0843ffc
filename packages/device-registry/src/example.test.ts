import { fileURLToPath } from 'node:url';
import { ManualClock, seededRandom } from '@rollcall/conformance';
import { deviceRef } from '@rollcall/core';
import { silentLog } from '@rollcall/core/environment';
import { expect, test } from 'vitest';
import { checkRegistry } from './check-registry.ts';
import { openFileRegistry } from './file-registry.ts';
import { createPasswordVerifier } from './password-verifier.ts';

const file = fileURLToPath(new URL('../../../docs/examples/registry.yaml', import.meta.url));

test('the example has credentials of every type, and the passwords that its comments name', async () => {
  expect(checkRegistry(file)).toMatchObject({
    counts: { tenant: 1, device: 6, 'hashed-password': 2, psk: 1, 'x509-cert': 1, rpk: 1 },
  });
  const clock = new ManualClock();
  const passwords = createPasswordVerifier({ clock, random: seededRandom(1), log: silentLog });
  // The file's time is that of the checkout.
  clock.stepWall(Date.UTC(2090, 0) - clock.now());
  const registry = await openFileRegistry({ file, clock, log: silentLog });
  const { tenant } = deviceRef('EXAMPLE', '');
  for (const authId of ['with-password', 'of-a-demonstration']) {
    const found = await registry.getCredentials({ tenant, type: 'hashed-password', authId });
    if (found.status !== 'found') throw new Error(found.status);
    for (const secret of found.value.secrets) {
      const one = { ...found.value, secrets: [secret] };
      expect(await passwords.verify(one, Buffer.from('secret'))).toEqual({ matched: secret });
    }
  }
  await registry.close();
  await passwords.close();
});
