import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { generate } from 'mqtt-packet';
import type { seededRandom } from '@rollcall/conformance';
import { amqpWire, mqttWireFor, type DeviceWire } from '../device-wire.ts';
import { templateWire } from '../speaking-device.ts';
import { behindGateways, deviceId, password } from '../stage.ts';
import { beginLife, ends, sends, type Ended, type Life } from './life.ts';

export type SessionProtocol = 'mqtt' | 'amqp' | 'template';

export interface DeviceOptions {
  readonly port: number;
  readonly index: number;
  readonly random: ReturnType<typeof seededRandom>;
  /** Where each life is written down as it begins. */
  readonly lives: Life[];
  /** No life begins any more, and those that go on end. */
  over(): boolean;
}

const wires: Readonly<Record<SessionProtocol, DeviceWire>> = {
  mqtt: mqttWireFor(2),
  amqp: amqpWire,
  template: templateWire,
};

const breaking: Readonly<Record<SessionProtocol, Uint8Array>> = {
  // A control packet of type 0 (MQTT 3.1.1 §2.2.1).
  mqtt: Buffer.from([0, 0]),
  // A frame that is shorter than its own head (AMQP 1.0 §2.3.1).
  amqp: Buffer.from([0, 0, 0, 4, 2, 0, 0, 0]),
  template: Buffer.from('nonsense\n'),
};

/** Of a device that there is not: MQTT 3.1.1 has no other way to refuse a message of QoS 0 than to close. */
const refusedUpload = generate({
  cmd: 'publish',
  topic: 'telemetry/acme/nobody',
  payload: 'x',
  qos: 0,
  dup: false,
  retain: false,
});

/** An upload that takes its time while the network is away. Over MQTT for another device, which gets no events by that. */
const uploads: Readonly<Record<SessionProtocol, Uint8Array>> = {
  mqtt: generate({
    cmd: 'publish',
    messageId: 1,
    topic: `event/acme/${behindGateways}`,
    payload: 'x',
    qos: 1,
    dup: false,
    retain: false,
  }),
  amqp: wires.amqp.ping,
  template: Buffer.from('event text/plain x\n'),
};

const answerWithinMs = 30_000;

interface Session {
  readonly life: Life;
  readonly socket: Socket;
  readonly gone: boolean;
}

/** Lives one life after the other until it is over. */
export async function liveSessions(protocol: SessionProtocol, options: DeviceOptions): Promise<void> {
  const { random, over } = options;
  let next: Session | undefined;
  while (!over()) {
    const session = next ?? (await open(protocol, options));
    next = undefined;
    if (session.life.outcome === 'accepted') {
      await talk(session, protocol, options);
      next = await part(session, protocol, options);
    }
    await pause(100 + random.pick(2_000));
  }
  if (next) await part(next, protocol, options, 'hung up');
}

/** Somebody with a wrong password, now and then. */
export async function intrude(protocol: SessionProtocol, options: DeviceOptions): Promise<void> {
  while (!options.over()) {
    const { socket } = await open(protocol, options, 'guess');
    socket.destroy();
    for (let second = 0; second < 5 && !options.over(); second++) await pause(1_000);
  }
}

async function open(
  protocol: SessionProtocol,
  { port, index, lives }: DeviceOptions,
  secret = password,
): Promise<Session> {
  const socket = connectSocket({ port, host: '127.0.0.1', noDelay: true });
  const failed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => {});
  await Promise.race([once(socket, 'connect').catch(() => {}), failed]);
  const id = deviceId(index);
  const life = beginLife(protocol, id, socket.localPort);
  let gone = socket.destroyed;
  if (socket.localPort === undefined) return { life: { ...life, outcome: 'refused' }, socket, gone: true };
  lives.push(life);
  const wire = wires[protocol];
  const answered = new Promise<void>((resolve) => {
    let heard = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => {
      if (life.outcome !== 'unknown') return;
      heard = Buffer.concat([heard, bytes]);
      const answer = wire.readAnswer(heard);
      if (answer === undefined) return;
      life.outcome = answer;
      if (answer === 'accepted') life.acceptedAt = Date.now();
      resolve();
    });
  });
  socket.once('end', () => (gone = true));
  socket.once('close', () => (gone = true));
  sends(life);
  socket.write(wire.connect({ username: `${id}@acme`, password: secret, remoteId: id }));
  const waited = new AbortController();
  await Promise.race([
    answered,
    failed,
    pause(answerWithinMs, undefined, { signal: waited.signal }).catch(() => {}),
  ]);
  waited.abort();
  if (life.outcome !== 'accepted') {
    ends(life, 'hung up');
    socket.destroy();
  }
  return {
    life,
    socket,
    get gone() {
      return gone;
    },
  };
}

async function talk(session: Session, protocol: SessionProtocol, { random, over }: DeviceOptions) {
  const { life, socket } = session;
  for (let left = random.pick(8); left >= 0 && !session.gone && !over(); left--) {
    sends(life);
    socket.write(random.pick(4) === 0 ? uploads[protocol] : wires[protocol].ping);
    await pause(200 + random.pick(600));
  }
}

/** @returns the session that took its place, where one did. */
async function part(
  session: Session,
  protocol: SessionProtocol,
  options: DeviceOptions,
  how = choose(protocol, options.random),
): Promise<Session | undefined> {
  const { life, socket } = session;
  if (session.gone || socket.destroyed) {
    ends(life, 'closed');
    socket.destroy();
    return undefined;
  }
  if (how === 'taken over') {
    ends(life, how);
    const newer = await open(protocol, options);
    socket.destroy();
    return newer;
  }
  if (how !== 'vanished' && how !== 'hung up' && how !== 'reset') sends(life);
  ends(life, how);
  await leave(how, session, protocol);
  return undefined;
}

function choose(protocol: SessionProtocol, random: DeviceOptions['random']): Ended {
  const ways: readonly Ended[] = [
    'goodbye',
    'goodbye',
    'goodbye, reset',
    'hung up',
    'reset',
    'vanished',
    'broke the protocol',
    ...(protocol === 'mqtt' ? (['taken over', 'taken over', 'upload refused'] as const) : []),
  ];
  return ways[random.pick(ways.length)] ?? 'goodbye';
}

async function leave(how: Ended, { socket }: Session, protocol: SessionProtocol): Promise<void> {
  const wire = wires[protocol];
  switch (how) {
    case 'goodbye':
      socket.end(wire.goodbye);
      return;
    case 'goodbye, reset':
      socket.write(wire.goodbye, () => socket.resetAndDestroy());
      return;
    case 'hung up':
      socket.end();
      return;
    case 'reset':
      socket.resetAndDestroy();
      return;
    case 'broke the protocol':
      socket.write(breaking[protocol]);
      return;
    case 'upload refused':
      socket.write(refusedUpload);
      return;
    default:
      // It vanished: the socket stays as it is until the adapter closes it.
      socket.resume();
  }
}
