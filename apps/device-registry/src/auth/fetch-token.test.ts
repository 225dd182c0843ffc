import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { systemClock, systemRandom, silentLog } from '@rollcall/core/environment';
import { internalsOf, silence } from '@rollcall/rhea-internals';
import rhea from 'rhea';
import { expect, onTestFinished, test } from 'vitest';
import { fetchToken } from './fetch-token.ts';

type Serve = (sender: rhea.Sender) => void;

/** As Hono's auth server: `user` has the password `secret`, and `serve` sends what a link to `cbs` gets. */
async function authServer(serve: Serve) {
  const container = rhea.create_container();
  silence(container);
  const logins: string[] = [];
  internalsOf(container).sasl_server_mechanisms.enable_plain((username, password) => {
    logins.push(username);
    return username === 'ü' && password === 'p€';
  });
  const sources: unknown[] = [];
  container.on('sender_open', ({ sender }: rhea.EventContext) => {
    if (!sender) return;
    sources.push((sender.source as { readonly address?: unknown }).address);
    // rhea would write a message before the answer to the attach.
    setImmediate(() => serve(sender));
  });
  const server = internalsOf(container).listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => sockets.add(socket));
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as AddressInfo;
  const ask = (username = 'ü', timeoutMs = 20_000) =>
    fetchToken(
      { host: '127.0.0.1', port, timeoutMs },
      { authorizationId: '', username, password: Buffer.from('p€') },
      { clock: systemClock, random: systemRandom, log: silentLog, failed: () => {} },
    );
  return { ask, sources, logins, server };
}

const jwt = { application_properties: { type: 'amqp:jwt' }, body: 'the.token.itself' };
const sending =
  (message: object): Serve =>
  (sender) =>
    void sender.send(message as rhea.Message);

test('a token is received from the source cbs of the auth server', async () => {
  const { ask, sources } = await authServer(sending(jwt));
  expect(await ask()).toEqual({ status: 'token', token: 'the.token.itself' });
  expect(sources).toEqual(['cbs']);
});

test('a login that the auth server refuses is refused', async () => {
  const { ask, logins } = await authServer(sending(jwt));
  expect(await ask('somebody')).toEqual({ status: 'wrong' });
  expect(logins).toEqual(['somebody']);
});

test.each<[string, Serve, RegExp]>([
  [
    'something of another type',
    sending({ ...jwt, application_properties: { type: 'other' } }),
    /than a token/,
  ],
  ['no text', sending({ ...jwt, body: 7 }), /than a token/],
  [
    'nothing, and closes the link',
    (sender) => sender.close({ condition: 'amqp:not-found' }),
    /gives no token: amqp:not-found/,
  ],
  ['nothing, and closes the connection', (sender) => sender.connection.close(), /closed/],
  ['nothing, and is gone', (sender) => internalsOf(sender.connection).socket?.destroy(), /closed/],
])('if the auth server sends %s, the login cannot be decided', async (_what, serve, cause) => {
  const { ask } = await authServer(serve);
  expect(await ask()).toEqual({ status: 'unavailable', cause: expect.stringMatching(cause) });
});

test('a login is undecided if the auth server sends nothing in time', async () => {
  const { ask } = await authServer(() => {});
  expect(await ask('ü', 100)).toEqual({ status: 'unavailable', cause: 'no token within 100 ms' });
});

test('a login is undecided if the auth server does not answer at all, and the cause says so', async () => {
  const { ask, server } = await authServer(() => {});
  server.removeAllListeners('connection');
  expect(await ask('ü', 100)).toEqual({ status: 'unavailable', cause: 'no token within 100 ms' });
});

test('a login is undecided if the auth server cannot be reached', async () => {
  const { ask, server } = await authServer(() => {});
  server.close();
  await once(server, 'close');
  expect(await ask()).toMatchObject({ status: 'unavailable' });
});
