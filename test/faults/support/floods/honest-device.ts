import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { Agent as SecureAgent, request as requestSecurely } from 'node:https';
import { connect, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { createAmqpConnection } from '@rollcall/amqp-connection';
import { formatCode } from '@rollcall/coap/codec';
import { silentLog, systemClock, systemRandom } from '@rollcall/core/environment';
import { generate } from 'mqtt-packet';
import { associate } from '../../../e2e/support/coap-association.ts';
import { mqttWire } from '../device-wire.ts';
import { deviceId, password } from '../stage.ts';

export const floodedProtocols = ['mqtt', 'amqp', 'http', 'coap'] as const;
export type FloodedProtocol = (typeof floodedProtocols)[number];
export type TcpProtocol = Exclude<FloodedProtocol, 'coap'>;

/** A device that sends and waits for the answer. */
export interface HonestDevice {
  /** Sends a message at QoS 1; resolves once it was answered well, and rejects with what it heard instead. */
  send(): Promise<void>;
  /** Goes, with a goodbye where a session has one. */
  end(): void;
}

export interface Door {
  readonly port: number;
  /** The certificate authority to trust, where the port is one with TLS. */
  readonly ca?: string;
}

const body = Buffer.alloc(100, 'x');
const outcomeTimeoutMs = 30_000;

/** Resolves once the device was let in, over HTTP at once. Rejects where it was refused, or cut off. */
export function openHonestDevice(
  protocol: FloodedProtocol,
  door: Door,
  index: number,
): Promise<HonestDevice> {
  switch (protocol) {
    case 'mqtt':
      return openMqtt(door, deviceId(index));
    case 'amqp':
      return openAmqp(door, deviceId(index));
    case 'http':
      return openHttp(door, deviceId(index));
    case 'coap':
      return openCoap(door, deviceId(index));
    default:
      return protocol satisfies never;
  }
}

function openSocket({ port, ca }: Door): Socket {
  const to = { host: '127.0.0.1', port };
  const socket =
    ca === undefined
      ? connect({ ...to, noDelay: true })
      : connectSecurely({ ...to, ca, servername: 'localhost' });
  return socket.on('error', () => {});
}

async function openMqtt(door: Door, id: string): Promise<HonestDevice> {
  const socket = openSocket(door);
  const closed = new AbortController();
  socket.once('close', () => closed.abort(new Error('closed')));
  async function ask(bytes: Uint8Array): Promise<Buffer> {
    socket.write(bytes);
    const [answer] = (await once(socket, 'data', { signal: closed.signal })) as [Buffer];
    return answer;
  }
  const connack = await ask(mqttWire.connect({ username: `${id}@acme`, password, remoteId: id }));
  if (mqttWire.readAnswer(connack) !== 'accepted') throw new Error(`CONNACK ${connack.toString('hex')}`);
  let messageId = 0;
  return {
    async send() {
      messageId = (messageId % 1_000) + 1;
      const { sent, answer } = publish(messageId);
      const heard = await ask(sent);
      if (!heard.equals(answer)) throw new Error(`${heard.toString('hex')} instead of a PUBACK`);
    },
    end: () => void socket.end(mqttWire.goodbye),
  };
}

/** A PUBLISH, and the PUBACK that answers it. */
export function publish(messageId: number): { readonly sent: Buffer; readonly answer: Buffer } {
  return {
    sent: generate({
      cmd: 'publish',
      topic: 'telemetry',
      payload: body,
      qos: 1,
      messageId,
      dup: false,
      retain: false,
    }),
    answer: generate({ cmd: 'puback', messageId }),
  };
}

async function openAmqp({ port, ca }: Door, id: string): Promise<HonestDevice> {
  const refused = Promise.withResolvers<never>();
  refused.promise.catch(() => {});
  const connection = createAmqpConnection({
    host: ca === undefined ? '127.0.0.1' : 'localhost',
    port,
    ...(ca !== undefined && { tls: { ca, hostnameVerification: true } }),
    containerName: id,
    clock: systemClock,
    random: systemRandom,
    // It would try again, and the test would not know that it had to.
    log: { ...silentLog, warn: (_facts, message) => refused.reject(new Error(message)) },
    username: `${id}@acme`,
    password,
    connectTimeoutMs: outcomeTimeoutMs,
    linkTimeoutMs: outcomeTimeoutMs,
  });
  await Promise.race([connection.whenConnected(), refused.promise]);
  const sender = connection.openSender(undefined, { creditWaitMs: outcomeTimeoutMs, outcomeTimeoutMs });
  return {
    async send() {
      const outcome = await Promise.race([sender.send(amqpMessage), refused.promise]);
      if (outcome.status !== 'accepted') throw new Error(JSON.stringify(outcome));
    },
    end: () => void connection.close(),
  };
}

/** Its properties, of which the third is `to`, and its data (AMQP 1.0 §3.2.4, §3.2.6). */
const amqpMessage = Buffer.concat([
  Uint8Array.of(0x00, 0x53, 0x73, 0xc0, 14, 3, 0x40, 0x40, 0xa1, 9),
  Buffer.from('telemetry'),
  Uint8Array.of(0x00, 0x53, 0x75, 0xa0, body.length),
  body,
]);

async function openHttp({ port, ca }: Door, id: string): Promise<HonestDevice> {
  const agent = ca === undefined ? new Agent({ keepAlive: true }) : new SecureAgent({ keepAlive: true, ca });
  const authorization = `Basic ${Buffer.from(`${id}@acme:${password}`).toString('base64')}`;
  return {
    async send() {
      const options = {
        host: '127.0.0.1',
        port,
        method: 'POST',
        path: '/telemetry',
        headers: {
          authorization,
          'content-type': 'text/plain',
          'qos-level': '1',
          'content-length': body.length,
        },
        agent,
      };
      const sent =
        ca === undefined ? request(options) : requestSecurely({ ...options, servername: 'localhost' });
      sent.end(body);
      const [answer] = await once(sent, 'response');
      answer.resume();
      if (answer.statusCode !== 202) throw new Error(`status ${answer.statusCode}`);
      await once(answer, 'end');
    },
    end: () => agent.destroy(),
  };
}

async function openCoap({ port }: Door, id: string): Promise<HonestDevice> {
  const association = associate(port, `${id}@acme`, password);
  if (!(await association.opened)) throw new Error('no handshake');
  return {
    async send() {
      const { code } = await association.coap.request({ path: ['telemetry'], payload: body });
      if (formatCode(code) !== '2.04') throw new Error(formatCode(code));
    },
    end: () => association.vanish(),
  };
}
