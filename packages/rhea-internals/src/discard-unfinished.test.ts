import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import rhea from 'rhea';
import { expect, onTestFinished, test } from 'vitest';
import { discardUnfinished } from './discard-unfinished.ts';
import { internalsOf } from './internals-of.ts';

test('what rhea has of a delivery that is under way is dropped, and the session of its link goes on', async () => {
  const container = rhea.create_container();
  for (const event of ['error', 'disconnected']) container.on(event, () => {});
  const bodies: unknown[] = [];
  let begun = (): void => {};
  const isUnderWay = new Promise<void>((resolve) => (begun = resolve));
  container.on('message', ({ message }: rhea.EventContext) => bodies.push(message?.body));
  let served: rhea.Connection | undefined;
  container.on('connection_open', ({ connection }: rhea.EventContext) => {
    served = connection;
    const { amqp_transport: transport } = internalsOf(connection);
    const read = transport.read.bind(transport);
    transport.read = (bytes, of) => {
      const done = read(bytes, of);
      const { handles } = internalsOf(connection).remote_channel_map[0]?.remote ?? { handles: {} };
      if (handles[0]?._incomplete) begun();
      return done;
    };
  });
  const server = container.listen({ port: 0, host: '127.0.0.1', max_frame_size: 512 } as never);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = rhea.create_container().connect({ host: '127.0.0.1', port, reconnect: false });
  onTestFinished(() => client.close());
  const sender = client.open_sender('x');
  await once(sender, 'sendable');
  sender.send({ body: 'x'.repeat(1_000_000) });
  await isUnderWay;
  if (!served) throw new Error('nobody connected');
  const link = discardUnfinished(served, 0, 0);
  expect(link?.is_open()).toBe(true);
  expect(internalsOf(link as rhea.Receiver)._incomplete?.frames).toEqual([]);
  expect(discardUnfinished(served, 0, 1)).toBeUndefined();
  expect(discardUnfinished(served, 1, 0)).toBeUndefined();
});
