import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { createAmqpConnection } from '@rollcall/amqp-connection';
import { deviceRef, type Timestamp } from '@rollcall/core';
import { silentLog, systemClock, systemRandom } from '@rollcall/core/environment';
import { encodeDeviceMessage } from '@rollcall/hono-wire';
import { withFields } from '@rollcall/hono-wire/internal';
import { generate } from 'mqtt-packet';
import { associate, patientHandshakeMs } from '../../e2e/support/coap-association.ts';
import { mqttWire, type DeviceWire } from './device-wire.ts';
import { templateWire, type SpeakingProtocol } from './speaking-device.ts';
import { deviceId, password } from './stage.ts';

/** A device that sends one event after the other, each once it knows what became of the one before. */
export interface UploadingDevice {
  /** Resolves with `accepted`, or with what else the adapter answered; `no answer` where the device gave up waiting. */
  upload(): Promise<string>;
  end(): Promise<void> | void;
}

/** Resolves once the device was let in. */
export function openUploadingDevice(
  protocol: SpeakingProtocol,
  port: number,
  index: number,
): Promise<UploadingDevice> {
  const id = deviceId(index);
  switch (protocol) {
    case 'mqtt':
      return overSocket(mqttWire, port, id, {
        request: generate({
          cmd: 'publish',
          topic: 'event',
          qos: 1,
          messageId: 1,
          dup: false,
          retain: false,
          payload: 'x',
        }),
        outcome: (answer) => (answer[0] === 0x40 ? 'accepted' : answer.toString('hex')),
      });
    case 'template':
      return overSocket(templateWire, port, id, {
        request: Buffer.from('event text/plain x\n'),
        outcome: (answer) => (answer.toString() === 'ok\n' ? 'accepted' : answer.toString()),
      });
    case 'amqp':
      return overAmqp(port, id);
    case 'http':
      return Promise.resolve(overHttp(port, id));
    case 'coap':
      return overCoap(port, id);
    default:
      return protocol satisfies never;
  }
}

interface Upload {
  readonly request: Uint8Array;
  outcome(answer: Buffer): string;
}

async function overSocket(
  wire: DeviceWire,
  port: number,
  id: string,
  { request, outcome }: Upload,
): Promise<UploadingDevice> {
  const socket = connectSocket({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => {});
  socket.write(wire.connect({ username: `${id}@acme`, password, remoteId: id }));
  if (wire.readAnswer(await nextBytes(socket)) !== 'accepted') throw new Error(`${id} was not let in`);
  return {
    async upload() {
      socket.write(request);
      const answer = await nextBytes(socket);
      return answer.length === 0 ? 'connection closed' : outcome(answer);
    },
    end: () => void socket.destroy(),
  };
}

/** Nothing where the socket closes instead. */
async function nextBytes(socket: Socket): Promise<Buffer> {
  const done = new AbortController();
  const [bytes] = (await Promise.race([
    once(socket, 'data', { signal: done.signal }),
    once(socket, 'close', { signal: done.signal }).then(() => [Buffer.alloc(0)]),
  ]).finally(() => done.abort())) as [Buffer];
  return bytes;
}

async function overAmqp(port: number, id: string): Promise<UploadingDevice> {
  const connection = createAmqpConnection({
    host: '127.0.0.1',
    port,
    containerName: id,
    username: `${id}@acme`,
    password,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    idleTimeoutMs: 120_000,
  });
  await connection.whenConnected();
  const link = connection.openSender(undefined, { creditWaitMs: 60_000, outcomeTimeoutMs: 60_000 });
  const encoded = encodeDeviceMessage(
    {
      endpoint: 'event',
      device: deviceRef('acme', id),
      qos: 1,
      creationTime: Date.now() as Timestamp,
      origAdapter: '',
      origAddress: '',
      properties: {},
      traceParent: '',
      contentType: 'text/plain',
      payload: Buffer.from('x'),
    },
    id,
  );
  const message = withFields(encoded, { to: 'event' });
  return {
    upload: async () => (await link.send(message)).status,
    end: () => connection.close(),
  };
}

function overHttp(port: number, id: string): UploadingDevice {
  const authorization = `Basic ${Buffer.from(`${id}@acme:${password}`).toString('base64')}`;
  return {
    async upload() {
      const response = await fetch(`http://127.0.0.1:${port}/event`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'text/plain' },
        body: 'x',
      });
      return response.status === 202 ? 'accepted' : `${response.status} ${await response.text()}`;
    },
    end() {},
  };
}

async function overCoap(port: number, id: string): Promise<UploadingDevice> {
  const association = associate(port, `${id}@acme`, password, {
    handshakeWithinMs: patientHandshakeMs,
  });
  if (!(await association.opened)) throw new Error(`${id} was not let in`);
  return {
    upload: () =>
      association.coap.request({ path: ['e'], payload: Buffer.from('x') }).then(
        ({ code, payload }) => (code === 0x44 ? 'accepted' : `${code} ${Buffer.from(payload).toString()}`),
        () => 'no answer',
      ),
    end: () => association.vanish(),
  };
}
