import { once } from 'node:events';
import rhea from 'rhea';
import { describe, expect, test } from 'vitest';
import { givenADevice } from './testing/amqp-bed.ts';

describe('links that are not served', () => {
  test.each([
    ['command', 'amqp:not-implemented', 'commands are not supported'],
    ['c', 'amqp:not-implemented', 'commands are not supported'],
    ['command//valve-1', 'amqp:not-implemented', 'commands are not supported'],
    ['command/acme/valve-1', 'amqp:not-implemented', 'commands are not supported'],
    ['telemetry', 'amqp:not-found', 'no such node'],
  ])('a receiver from %s is told so', async (source, condition, description) => {
    const { device } = await givenADevice();
    const receiver = device.connection.open_receiver(source);
    const [context] = (await once(receiver, 'receiver_error')) as [rhea.EventContext];
    expect(context.receiver?.error).toMatchObject({ condition, description });
  });

  test('a link to send on that names an address is refused', async () => {
    const { device } = await givenADevice();
    const sender = device.connection.open_sender('telemetry');
    const [context] = (await once(sender, 'sender_error')) as [rhea.EventContext];
    expect(context.sender?.error).toMatchObject({ condition: 'hono:bad-request' });
    // A link that is refused is answered without a target, so that the client does not take it for its own.
    expect(rhea.types.unwrap(context.sender?.target)).toBeNull();
  });
});

describe('AMQP transactions', () => {
  const localTransactions = rhea.types.wrap_array(['amqp:local-transactions'], 0xa3, undefined);
  const coordinator = (...capabilities: unknown[]) =>
    rhea.types.wrap_described(rhea.types.wrap_list(capabilities), 0x30);

  test.each([
    ['with capabilities', coordinator(localTransactions)],
    ['without any', coordinator()],
  ])('a coordinator %s is refused, and the device goes on', async (_what, target) => {
    const { device, send } = await givenADevice();
    const link = device.connection.create_session() as unknown as {
      begin(): void;
      create_sender(name: string): rhea.Sender;
    };
    link.begin();
    const sender = link.create_sender('transactions');
    const attach = (sender as unknown as { local: { attach: Record<string, unknown> } }).local.attach;
    Object.assign(attach, { target, source: undefined });
    (sender as unknown as { attach(): void }).attach();
    await once(sender, 'sender_error');
    expect(sender.error).toMatchObject({ condition: 'amqp:not-implemented' });
    expect(rhea.types.unwrap(sender.target)).toBeNull();
    expect(await send({ to: 'telemetry', body: 'x' })).toBe('accepted');
  });
});
