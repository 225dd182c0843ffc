import {
  describeLoginFlood,
  describeLoginTimes,
  type LoginFloodHarness,
} from '@rollcall/adapter-conformance';
import { scriptedPassword } from '@rollcall/conformance';
import { silentLog, systemClock, systemRandom } from '@rollcall/core';
import { createPasswordVerifier, hashPassword } from '@rollcall/device-registry';
import { createHttpAdapter } from './adapter.ts';
import { options } from './testing/options.ts';

const harness: LoginFloodHarness = {
  createAdapter: () => createHttpAdapter(options),
  wrong: '401',
  temporary: '429',
  async logIn({ port }, username, password) {
    const { status } = await fetch(`http://127.0.0.1:${port}/telemetry`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
        'content-type': 'text/plain',
      },
      body: 'x',
    });
    return status === 202 ? 'accepted' : String(status);
  },
};

describeLoginFlood('HTTP', harness);

const slow = await hashPassword(scriptedPassword, 10);
describeLoginTimes('HTTP', {
  ...harness,
  createPasswords: () => createPasswordVerifier({ clock: systemClock, random: systemRandom, log: silentLog }),
  secret: { hashFunction: slow['hash-function'], pwdHash: slow['pwd-hash'] },
});
