import { once } from 'node:events';
import { createServer, type AddressInfo, type ListenOptions, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { SharedPorts } from './shared-ports.ts';

const host = '127.0.0.1';
const wanted = { scheme: 'mqtt', host, port: 0 };
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(options: ListenOptions): Promise<number> {
  const server = createServer();
  servers.push(server);
  server.listen({ host, ...options });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Where the system does not spread connections; with what was told of that. */
function refusing(code: string) {
  const told: string[] = [];
  const ports = new SharedPorts(
    (reason) => told.push(reason),
    ({ reusePort = false }) =>
      reusePort ? Promise.reject(Object.assign(new Error(code), { code })) : Promise.resolve(4_711),
  );
  return { ports, told };
}

const never = (): never => {
  throw new Error('it is spread');
};

test('all processes are told one port, which each of them can bind', async () => {
  const ports = new SharedPorts(never);
  const answers = await Promise.all([{}, {}, {}].map((holder) => ports.portFor(wanted, holder)));
  const [first] = answers;
  if (!first || 'code' in first) throw new Error('there is a free one');
  expect(answers).toEqual([first, first, first]);
  expect(first.reusePort).toBe(true);
  for (const _each of answers) expect(await listen({ ...first })).toBe(first.port);
});

test('each listener has a port of its own', async () => {
  const ports = new SharedPorts(never);
  const holder = {};
  const plain = await ports.portFor(wanted, holder);
  const secure = await ports.portFor({ ...wanted, scheme: 'mqtts' }, holder);
  expect(plain).not.toEqual(secure);
});

test.each([
  ['alone', {}],
  ['and shares it', { reusePort: true }],
])('a port that somebody else has %s cannot be had', async (_how, options) => {
  const port = await listen({ port: 0, ...options });
  const ports = new SharedPorts(never);
  expect(await ports.portFor({ ...wanted, port }, {})).toEqual({ code: 'EADDRINUSE' });
});

test('a process that starts again gets the port that the others have; where none is left, it is had anew', async () => {
  const ports = new SharedPorts(never);
  const [one, other] = [{}, {}];
  const answer = await ports.portFor(wanted, one);
  await ports.portFor(wanted, other);
  if ('code' in answer) throw new Error('there is a free one');
  await listen({ ...answer });
  ports.left(one);
  expect(await ports.portFor(wanted, {})).toEqual(answer);
  const alone = new SharedPorts(never);
  const configured = { ...wanted, port: await listen({ port: 0 }) };
  expect(await alone.portFor(configured, one)).toEqual({ code: 'EADDRINUSE' });
  alone.left(one);
  for (const server of servers.splice(0)) await new Promise((closed) => server.close(closed));
  expect(await alone.portFor(configured, one)).toEqual({ port: configured.port, reusePort: true });
});

test.each(['ENOTSUP', 'ENOPROTOOPT', 'EINVAL'])(
  'where the system does not spread connections (%s), the parent binds the port',
  async (code) => {
    const { ports, told } = refusing(code);
    expect(await ports.portFor(wanted, {})).toEqual({ port: 0, reusePort: false });
    expect(told).toEqual([code]);
  },
);

test('who was faster has the port', async () => {
  const { ports, told } = refusing('EADDRINUSE');
  expect(await ports.portFor(wanted, {})).toEqual({ code: 'EADDRINUSE' });
  expect(told).toEqual([]);
});
