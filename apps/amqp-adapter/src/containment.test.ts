import { once } from 'node:events';
import { startForTest } from '@rollcall/adapter-process/testing';
import { scriptedPassword } from '@rollcall/conformance/registry';
import rhea from 'rhea';
import { expect, onTestFinished, test } from 'vitest';
import { createAmqpAdapter } from './adapter.ts';
import { options as defaults } from './testing/options.ts';

const options = { ...defaults, maxPendingSockets: 100 };

interface RawConnection {
  readonly options: { readonly container_id: string };
  readonly container_id: string;
  _process(): void;
}

/** What the adapter writes to this device throws once it is cursed: rhea does it in a tick of its own. */
function spoil(isCursed: () => boolean, containerId: string): void {
  const anyConnection = rhea.create_container().create_connection();
  const raw = Object.getPrototypeOf(anyConnection) as RawConnection;
  const write = raw._process;
  raw._process = function (this: RawConnection) {
    if (isCursed() && this.options.container_id === 'hono-amqp' && this.container_id === containerId)
      throw new Error('cursed');
    write.call(this);
  };
  onTestFinished(() => void (raw._process = write));
}

test('what rhea throws while it writes costs the device its connection, and no other', async () => {
  const adapter = await startForTest(createAmqpAdapter(options));
  const connect = async (username: string) => {
    const container = rhea.create_container({ id: username });
    for (const event of ['error', 'session_error', 'sender_error', 'disconnected'])
      container.on(event, () => {});
    const connection = container.connect({
      host: '127.0.0.1',
      port: adapter.address.port,
      reconnect: false,
      username,
      password: scriptedPassword,
    });
    const sender = connection.open_sender({ target: {} });
    await once(sender, 'sendable');
    return { connection, sender };
  };
  let isCursed = false;
  spoil(() => isCursed, 'valve-1@acme');
  const honest = await connect('thermostat-7@acme');
  const victim = await connect('valve-1@acme');
  isCursed = true;
  const over = once(victim.connection, 'disconnected');
  victim.sender.send({ to: 'event', content_type: 'text/plain', body: 'x' });
  await over;
  const accepted = once(honest.sender, 'accepted');
  honest.sender.send({ to: 'event', content_type: 'text/plain', body: 'x' });
  await accepted;
  const events = await adapter.events(3);
  expect(events.map(({ type, device }) => `${type} ${device.device}`)).toEqual([
    'connected thermostat-7',
    'connected valve-1',
    'disconnected valve-1',
  ]);
  expect(adapter.logged.filter(({ level }) => level === 'error')).toMatchObject([
    { facts: { where: 'amqp' } },
  ]);
  honest.connection.close();
  await adapter.running.stop({ graceMs: 0 });
});
