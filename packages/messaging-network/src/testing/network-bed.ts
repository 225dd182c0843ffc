import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@rollcall/core/environment';
import rhea from 'rhea';
import {
  startMessagingNetwork,
  type MessagingNetwork,
  type MessagingNetworkOptions,
} from '../messaging-network.ts';

export let dataDir = '';

let network: MessagingNetwork | undefined;

const connections: rhea.Connection[] = [];

export async function givenANetwork(facts: Partial<MessagingNetworkOptions> = {}): Promise<MessagingNetwork> {
  network = await startMessagingNetwork({ port: 0, dataDir, log: silentLog, ...facts });
  return network;
}

/** A client on raw rhea. */
export async function connect(port: number, connectFacts: object = {}) {
  const container = rhea.create_container();
  for (const event of [
    'error',
    'sender_error',
    'receiver_error',
    'session_error',
    'connection_error',
    'disconnected',
  ])
    container.on(event, () => {});
  const options = { host: '127.0.0.1', port, reconnect: false, tcp_no_delay: true, ...connectFacts };
  const connection = container.connect(options);
  connections.push(connection);
  await once(connection, 'connection_open');
  return {
    connection,
    async sender(address: string | undefined) {
      const link = connection.open_sender({
        target: address === undefined ? {} : { address },
        treat_modified_as_released: false,
      } as never);
      await Promise.race([
        once(link, 'sendable'),
        once(link, 'sender_close'),
        new Promise((resolve) => setTimeout(resolve, 100)),
      ]);
      return link;
    },
    async receiver(address: string, facts: object = {}, credit = 100) {
      const messages: rhea.EventContext[] = [];
      const link = connection.open_receiver({
        source: { address, ...facts },
        credit_window: 0,
        autoaccept: false,
      });
      link.on('message', (context: rhea.EventContext) => messages.push(context));
      await Promise.race([once(link, 'receiver_open'), once(link, 'receiver_close')]);
      if (credit > 0) link.add_credit(credit);
      return { link, messages, bodies: () => messages.map(({ message }) => String(message?.body)) };
    },
  };
}

export function once(
  emitter: { once(event: string, listener: (context: rhea.EventContext) => void): unknown },
  event: string,
): Promise<rhea.EventContext> {
  return new Promise((resolve) => emitter.once(event, resolve));
}

const outcomeNames = ['accepted', 'released', 'rejected', 'modified'] as const;

const waiting = new WeakMap<rhea.Sender, Map<rhea.Delivery, (outcome: string) => void>>();

/** Sends and resolves with the outcome's name. */
export function send(link: rhea.Sender, body: string, facts: object = {}): Promise<string> {
  let pending = waiting.get(link);
  if (!pending) {
    const resolvers = new Map<rhea.Delivery, (outcome: string) => void>();
    waiting.set(link, (pending = resolvers));
    for (const outcome of outcomeNames)
      link.on(outcome, ({ delivery }: rhea.EventContext) => delivery && resolvers.get(delivery)?.(outcome));
  }
  const delivery = link.send({ body, durable: true, ...facts });
  return new Promise((resolve) => pending.set(delivery, resolve));
}

/** Gives a test a directory of its own. */
export function openDirectory(): void {
  dataDir = mkdtempSync(join(tmpdir(), 'rollcall-network-'));
}

export async function closeNetwork(): Promise<void> {
  for (const connection of connections.splice(0)) connection.close();
  await network?.close();
  network = undefined;
  rmSync(dataDir, { recursive: true, force: true });
}
