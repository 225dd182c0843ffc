// Does what the order says, a FloodOrder in JSON, until it is told to stop; then says what came of it: node flooder.ts ORDER
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
// @boundaries-ignore the flood of the adapter's own soak test, which no package exports
import { startHandshakeFlood } from '../../../../apps/coap-adapter/src/testing/handshake-flood.ts';
// @boundaries-ignore the flood of the adapter's own soak test, which no package exports
import {
  clientHello,
  startConnectionFlood,
} from '../../../../apps/mqtt-adapter/src/testing/connection-flood.ts';
import { amqpWire, mqttWire } from '../device-wire.ts';
import { deviceId, password } from '../stage.ts';
import type { FloodOrder, FloodReport } from './flood-order.ts';
import { openHonestDevice, publish, type TcpProtocol } from './honest-device.ts';

type Kind = FloodOrder['kind'];
type Order<K extends Kind> = Extract<FloodOrder, { kind: K }>;
/** Reports what came of it so far. */
type Flood = () => FloodReport;

/** Tries, or uploads, that are under way at a time where they go flat out. */
const flatOut = { logins: 200, uploads: 100 };

async function start(order: FloodOrder): Promise<Flood> {
  switch (order.kind) {
    case 'none':
      return () => ({ begun: 0, accepted: 0 });
    case 'handshakes':
      return startHandshakes(order);
    case 'sockets':
      return startSockets(order);
    case 'logins':
      return startLogins(order);
    case 'uploads':
      return order.protocol === 'mqtt' ? startPublishing(order) : startUploads(order);
    case 'sessions':
      return startSessions(order);
    default:
      return order satisfies never;
  }
}

function startHandshakes(order: Order<'handshakes'>): Flood {
  const clientKeyExchange = 16;
  const flood = startHandshakeFlood({
    port: order.port,
    addresses: order.addresses,
    handshakesPerSecond: order.perSecond,
    psk: { identity: Buffer.from(order.identity), secret: Buffer.from(order.secret) },
    sends: (datagram) => (order.isHalfOpen && datagram[13] === clientKeyExchange ? [] : [datagram]),
  });
  return () => ({ begun: flood.handshakes, accepted: 0 });
}

async function startSockets({ port, address, perSecond, beginsTls }: Order<'sockets'>): Promise<Flood> {
  const says = beginsTls ? { says: await clientHello() } : {};
  const flood = startConnectionFlood({ port, addresses: [address], perSecond, ...says });
  return () => ({ begun: flood.opened, accepted: 0 });
}

function startLogins({ protocol, port, usernames, perSecond, rightPassword }: Order<'logins'>): Flood {
  const agent = new Agent({ keepAlive: true });
  let begun = 0;
  let accepted = 0;
  async function attempt(): Promise<void> {
    const username = usernames[begun++ % usernames.length] ?? '';
    const isRight = rightPassword !== undefined && begun % 1_000 === 0;
    const login = { port, username, password: isRight ? rightPassword : `guess-${begun}` };
    const isIn = protocol === 'http' ? await logInOverHttp(agent, login) : await logIn(protocol, login);
    if (isIn) accepted += 1;
  }
  if (perSecond === null) repeat(flatOut.logins, attempt);
  else setInterval(() => void attempt(), 1_000 / perSecond);
  return () => ({ begun, accepted });
}

/** So many at a time, for ever. */
function repeat(width: number, attempt: () => Promise<void>): void {
  const hurry = async (): Promise<void> => {
    for (;;) await attempt().catch(() => pause(10));
  };
  for (let i = 0; i < width; i++) void hurry();
}

interface Login {
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

async function logIn(
  protocol: Exclude<TcpProtocol, 'http'>,
  { port, ...introduction }: Login,
): Promise<boolean> {
  const wire = { mqtt: mqttWire, amqp: amqpWire }[protocol];
  const socket = connect({ port, host: '127.0.0.1' }).on('error', () => {});
  let heard = Buffer.alloc(0);
  let answer: 'accepted' | 'refused' | undefined;
  socket.on('data', (bytes: Buffer) => {
    heard = Buffer.concat([heard, bytes]);
    answer = wire.readAnswer(heard);
    if (answer) socket.destroy();
  });
  socket.write(wire.connect({ ...introduction, remoteId: 'guesser' }));
  await new Promise((resolve) => socket.once('close', resolve));
  return answer === 'accepted';
}

async function logInOverHttp(agent: Agent, { port, username, password: secret }: Login): Promise<boolean> {
  const authorization = `Basic ${Buffer.from(`${username}:${secret}`).toString('base64')}`;
  const sent = request({
    host: '127.0.0.1',
    port,
    method: 'POST',
    path: '/telemetry',
    headers: { authorization, 'content-type': 'text/plain', 'content-length': 1 },
    agent,
  });
  sent.end('x');
  const [answer] = await once(sent, 'response');
  answer.resume();
  await once(answer, 'close');
  return answer.statusCode === 202;
}

/** Without waiting for an answer: as much as the socket takes. */
async function startPublishing({ port, device }: Order<'uploads'>): Promise<Flood> {
  const username = `${deviceId(device)}@acme`;
  const socket = connect({ port, host: '127.0.0.1' }).on('error', () => {});
  socket.write(mqttWire.connect({ username, password, remoteId: 'flood' }));
  await once(socket, 'data');
  let begun = 0;
  let answeredBytes = 0;
  socket.on('data', ({ length }: Buffer) => {
    answeredBytes += length;
  });
  const burst = Buffer.concat(Array.from({ length: 1_000 }, (_, index) => publish(index + 1).sent));
  void (async () => {
    while (!socket.destroyed) {
      begun += 1_000;
      if (!socket.write(burst)) await once(socket, 'drain');
      await pause(5);
    }
  })().catch(() => {});
  return () => ({ begun, accepted: answeredBytes / publish(1).answer.length });
}

/** A hundred at a time: over HTTP and CoAP each on a connection or association of its own. */
async function startUploads({ protocol, port, device }: Order<'uploads'>): Promise<Flood> {
  const connections = { mqtt: 1, amqp: 1, http: flatOut.uploads, coap: 8 }[protocol];
  let begun = 0;
  let accepted = 0;
  for (let i = 0; i < connections; i++) {
    const { send } = await openHonestDevice(protocol, { port }, device);
    repeat(flatOut.uploads / connections, async () => {
      begun += 1;
      await send();
      accepted += 1;
    });
  }
  return () => ({ begun, accepted });
}

/** Each is held as long as the adapter lets it be: those are the ones it accepted. */
function startSessions({ protocol, port, username, perSecond }: Order<'sessions'>): Flood {
  const wire = { mqtt: mqttWire, amqp: amqpWire }[protocol];
  const held = new Set<Socket>();
  let begun = 0;
  setInterval(() => {
    const socket = connect({ port, host: '127.0.0.1' }).on('error', () => {});
    socket.once('data', () => held.add(socket));
    socket.once('close', () => held.delete(socket));
    socket.write(wire.connect({ username, password, remoteId: `session-${begun++}` }));
  }, 1_000 / perSecond);
  return () => ({ begun, accepted: held.size });
}

// The channel to its parent does not keep it, and not every flood has something that does.
setInterval(() => {}, 60_000);
const flood = await start(JSON.parse(process.argv[2] ?? '') as FloodOrder);
process.once('message', () => {
  process.send?.(flood(), () => process.exit());
});
process.send?.('started');
