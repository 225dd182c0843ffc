import { connect as connectSocket } from 'node:net';
import { associate, patientHandshakeMs } from '../../e2e/support/coap-association.ts';
import { amqpWire, mqttWireFor, type DeviceWire } from './device-wire.ts';
import { eventuallyNone } from './eventually.ts';
import { deviceId, password } from './stage.ts';

export const speakingProtocols = ['mqtt', 'amqp', 'http', 'coap', 'template'] as const;
export type SpeakingProtocol = (typeof speakingProtocols)[number];

/** A device that is heard now and then, by whatever its protocol has for that. */
export interface SpeakingDevice {
  readonly id: string;
  /** When it last sent something; milliseconds since the Unix epoch. */
  readonly lastSpokeAt: number;
  /** Sends a sign of life. The answer is not waited for. */
  speak(): void;
  /** Goes without a word. */
  end(): void;
}

/** Resolves once the device was let in. */
export async function openSpeakingDevice(
  protocol: SpeakingProtocol,
  port: number,
  index: number,
): Promise<SpeakingDevice> {
  const id = deviceId(index);
  let lastSpokeAt = Date.now();
  const spoke = (): void => {
    lastSpokeAt = Date.now();
  };
  const wire = await openWire(protocol, port, id, spoke);
  return {
    id,
    get lastSpokeAt() {
      return lastSpokeAt;
    },
    speak() {
      spoke();
      wire.speak();
    },
    end: () => wire.end(),
  };
}

type Wire = Pick<SpeakingDevice, 'speak' | 'end'>;

/** @param spoke called whenever the device sends something again by itself. */
function openWire(protocol: SpeakingProtocol, port: number, id: string, spoke: () => void): Promise<Wire> {
  switch (protocol) {
    case 'mqtt':
      return openSession(mqttWireFor(2), port, id);
    case 'amqp':
      return openSession(amqpWire, port, id);
    case 'template':
      return openSession(templateWire, port, id);
    case 'http':
      return openHttpLease(port, id);
    case 'coap':
      return openCoapLease(port, id, spoke);
    default:
      return protocol satisfies never;
  }
}

export const templateWire: DeviceWire = {
  connect: ({ username, password: secret }) => Buffer.from(`login ${username} ${secret}\n`),
  readAnswer: (bytes) =>
    bytes.includes('ok\n') ? 'accepted' : bytes.includes('error') ? 'refused' : undefined,
  goodbye: Buffer.from('bye\n'),
  ping: Buffer.from('ping\n'),
};

function openSession(wire: DeviceWire, port: number, id: string): Promise<Wire> {
  const socket = connectSocket({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => {});
  socket.write(wire.connect({ username: `${id}@acme`, password, remoteId: id }));
  return new Promise((resolve, reject) => {
    let heard = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => {
      heard = Buffer.concat([heard, bytes]);
      if (wire.readAnswer(heard) === 'accepted')
        resolve({ speak: () => void socket.write(wire.ping), end: () => socket.destroy() });
    });
    socket.once('close', () => reject(new Error(`${id} was not let in`)));
  });
}

async function openHttpLease(port: number, id: string): Promise<Wire> {
  const authorization = `Basic ${Buffer.from(`${id}@acme:${password}`).toString('base64')}`;
  const post = async (): Promise<number> => {
    const { status } = await fetch(`http://127.0.0.1:${port}/event`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'text/plain' },
      body: 'x',
    });
    return status;
  };
  // 503: the network did not take it within the adapter's time for that, as on a machine that is busy.
  await eventuallyNone(async () => {
    const status = await post();
    if (status !== 202 && status !== 503) throw new Error(`${id} was not let in: ${status}`);
    return status === 503 ? [`the network does not take what ${id} uploads`] : [];
  });
  return { speak: () => void post().catch(() => {}), end() {} };
}

/** A request whose answer is late is sent again: the device speaks once more. */
async function openCoapLease(port: number, id: string, spoke: () => void): Promise<Wire> {
  const association = associate(port, `${id}@acme`, password, {
    handshakeWithinMs: patientHandshakeMs,
    onSend: spoke,
  });
  if (!(await association.opened)) throw new Error(`${id} was not let in`);
  const post = (): Promise<unknown> =>
    association.coap.request({ path: ['e'], payload: Buffer.from('21.5') }).catch(() => {});
  await post();
  return { speak: () => void post(), end: () => association.vanish() };
}
