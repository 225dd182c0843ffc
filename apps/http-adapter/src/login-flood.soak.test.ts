import { describeLogins, type LoginFloodHarness } from '@rollcall/adapter-conformance';
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

await describeLogins('HTTP', harness, { createPasswordVerifier, hashPassword });
