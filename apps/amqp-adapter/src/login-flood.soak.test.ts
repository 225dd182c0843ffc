import { describeLogins, type LoginFloodHarness } from '@rollcall/adapter-conformance';
import { createPasswordVerifier, hashPassword } from '@rollcall/device-registry';
import rhea from 'rhea';
import { createAmqpAdapter } from './adapter.ts';
import { options } from './testing/options.ts';

const harness: LoginFloodHarness = {
  createAdapter: () => createAmqpAdapter(options),
  wrong: 'Failed to authenticate: 1',
  temporary: 'Failed to authenticate: 4',
  logIn({ port }, username, password) {
    const container = rhea.create_container();
    container.on('error', () => {});
    const connection = container.connect({ host: '127.0.0.1', port, reconnect: false, username, password });
    return new Promise<string>((resolve) => {
      connection.once('connection_open', () => {
        resolve('accepted');
        connection.close();
      });
      connection.once('connection_error', ({ error }: rhea.EventContext) => resolve(String(error?.message)));
      connection.once('disconnected', () => resolve('closed'));
    });
  },
};

await describeLogins('AMQP 1.0', harness, { createPasswordVerifier, hashPassword });
