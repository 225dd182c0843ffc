import { once } from 'node:events';
import { startForTest, type TestSetting } from '@rollcall/adapter-process/testing';
import { scriptedPassword } from '@rollcall/conformance/registry';
import rhea from 'rhea';
import { expect, onTestFinished } from 'vitest';
import { type AmqpAdapterOptions, createAmqpAdapter } from '../adapter.ts';
import { options as defaults } from './options.ts';

export const options: AmqpAdapterOptions = { ...defaults, maxPendingSockets: 100 };

export function internalSocket(connection: rhea.Connection): { destroy(): void } | undefined {
  return (connection as unknown as { socket?: { destroy(): void } }).socket;
}

export interface ClientFacts {
  readonly username?: string;
  readonly password?: string;
  readonly containerId?: string;
  readonly desired?: string;
  readonly tls?: { readonly ca: string; readonly key?: string; readonly cert?: string };
  /** Says nothing of itself, or what its certificate says. */
  readonly nameless?: boolean;
  readonly idleTimeoutMs?: number;
}

/** A real client, and what it heard of its connection's end. */
export function connectClient(port: number, facts: ClientFacts = {}) {
  const {
    username = 'thermostat-7@acme',
    password = scriptedPassword,
    containerId = 'unit-1',
    desired,
    tls,
    nameless = false,
    // A manual clock counts the adapter's silence; heartbeats would be on real time.
    idleTimeoutMs = 0,
  } = facts;
  const container = rhea.create_container({ id: containerId });
  for (const event of ['error', 'session_error', 'sender_error', 'receiver_error'])
    container.on(event, () => {});
  const connection = container.connect({
    host: '127.0.0.1',
    port,
    reconnect: false,
    // For rhea a name without password is ANONYMOUS; with a certificate it has EXTERNAL first.
    ...(nameless ? { username: tls ? undefined : 'anybody' } : { username, password }),
    idle_time_out: idleTimeoutMs,
    ...(desired !== undefined && { desired_capabilities: [desired] }),
    ...(tls && { transport: 'tls', servername: 'localhost', enable_sasl_external: true, ...tls }),
  } as never);
  onTestFinished(() => internalSocket(connection)?.destroy());
  const opened = new Promise<boolean>((resolve) => {
    connection.once('connection_open', () => resolve(true));
    connection.once('disconnected', () => resolve(false));
  });
  const over = new Promise<void>((resolve) => {
    for (const event of ['connection_close', 'connection_error', 'disconnected'])
      connection.once(event, () => setImmediate(resolve));
  });
  /** The condition that the adapter closed it with. */
  const condition = (): string | undefined =>
    (connection.error as { condition?: string } | undefined)?.condition;
  let failure = '';
  connection.on('connection_error', ({ error }: rhea.EventContext) => (failure = String(error?.message)));
  return { container, connection, condition, saslFailure: () => failure, opened, over };
}

/** An adapter that stops with the test. */
export async function givenAnAdapter(facts: Partial<AmqpAdapterOptions> = {}, setting: TestSetting = {}) {
  const adapter = await startForTest(createAmqpAdapter({ ...options, ...facts }), setting);
  onTestFinished(() => adapter.running.stop({ graceMs: 0 }));
  return adapter;
}

/** A device with a link to send on, and the outcomes of what it sent. */
export async function givenADevice(
  facts: ClientFacts = {},
  setting: TestSetting = {},
  adapterFacts: Partial<AmqpAdapterOptions> = {},
) {
  const adapter = await givenAnAdapter(adapterFacts, setting);
  const device = connectClient(adapter.address.port, facts);
  expect(await device.opened).toBe(true);
  const sender = device.connection.open_sender({ target: {}, treat_modified_as_released: false } as never);
  await once(sender, 'sendable');
  const outcomes = new Map<rhea.Delivery, (outcome: string) => void>();
  for (const event of ['accepted', 'released', 'rejected'])
    sender.on(event, ({ delivery }: rhea.EventContext) => {
      const { condition } =
        (delivery?.remote_state as { error?: { condition?: string } } | undefined)?.error ?? {};
      if (delivery) outcomes.get(delivery)?.(condition ?? event);
    });
  const send = (message: rhea.Message): Promise<string> =>
    new Promise((resolve) => outcomes.set(sender.send(message), resolve));
  return { ...adapter, device, linkToSend: sender, send };
}
