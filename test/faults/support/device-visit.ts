import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect as connectSocket, type Socket } from 'node:net';
import mqtt from 'mqtt';
import { associate, patientTiming } from '../../e2e/support/coap-association.ts';
import type { Outcome } from './device-truth.ts';
import { amqpBegin, amqpWire, hasBegun } from './device-wire.ts';

export const visitedProtocols = ['mqtt', 'amqp', 'http', 'coap'] as const;
export type VisitedProtocol = (typeof visitedProtocols)[number];

/** What a device hears, and what it has open then. */
export interface Visit {
  /** `not-now`: it may try again later. It was throttled, or the registry is away: some protocols do not say which. */
  readonly outcome: Outcome | 'throttled' | 'not-now';
  /** What ends when the device may not be there any more; `undefined`: there is nothing that the device would see end. */
  readonly open?: { readonly closed: Promise<unknown>; isClosed(): boolean };
  end(): Promise<void> | void;
}

interface Visitor {
  readonly id: string;
  readonly password: string;
  /** Its own on loopback, such as `127.0.0.7`: an adapter that throttles an address throttles one device. */
  readonly address: string;
}

const adapterAddress = '127.0.0.1';

function socketTo(port: number, localAddress: string): Socket {
  return connectSocket({ port, host: adapterAddress, localAddress, noDelay: true });
}

/** A device of the tenant `acme` connects, or sends its first upload where there is no connection. */
export function visit(protocol: VisitedProtocol, port: number, visitor: Visitor): Promise<Visit> {
  switch (protocol) {
    case 'mqtt':
      return overMqtt(port, visitor);
    case 'amqp':
      return overAmqp(port, visitor);
    case 'http':
      return overHttp(port, visitor);
    case 'coap':
      return overCoap(port, visitor);
    default:
      return protocol satisfies never;
  }
}

const nothingOpen = (outcome: Visit['outcome']): Visit => ({ outcome, end() {} });

const mqttOutcomes: Readonly<Record<number, Visit['outcome']>> = {
  0x86: 'refused',
  0x87: 'disabled',
  0x88: 'unavailable',
  0x9f: 'throttled',
};

async function overMqtt(port: number, { id, password, address }: Visitor): Promise<Visit> {
  const facts = {
    username: `${id}@acme`,
    password,
    clientId: id,
    reconnectPeriod: 0,
    protocolVersion: 5,
    // However busy the machine is.
    connectTimeout: 120_000,
  } as const;
  const client = new mqtt.MqttClient(() => socketTo(port, address), facts);
  const { promise, resolve } = Promise.withResolvers<Visit['outcome']>();
  client.once('connect', () => resolve('accepted'));
  client.on('error', (error) => {
    const { code } = error as { readonly code?: number };
    resolve(mqttOutcomes[code ?? 0] ?? 'unavailable');
  });
  const closed = new Promise<void>((close) => client.once('close', () => close()));
  void closed.then(() => resolve('unavailable'));
  const outcome = await promise;
  if (outcome === 'accepted')
    return {
      outcome,
      open: { closed, isClosed: () => !client.connected },
      end: () => client.endAsync(true),
    };
  client.end(true);
  return nothingOpen(outcome);
}

/** Where a `sasl-outcome` has its code, and what that means (AMQP 1.0 §5.3.3.6). */
const saslOutcome = Buffer.from([0x00, 0x53, 0x44]);
const ubyte = 0x50;
const saslAuth = 1;

async function overAmqp(port: number, { id, password, address }: Visitor): Promise<Visit> {
  const socket = socketTo(port, address);
  socket.on('error', () => {});
  const closed = new Promise((close) => socket.once('close', close));
  socket.write(amqpWire.connect({ username: `${id}@acme`, password, remoteId: id }));
  socket.write(amqpBegin);
  let heard = Buffer.alloc(0);
  const { promise, resolve } = Promise.withResolvers<Visit['outcome']>();
  socket.on('data', (bytes: Buffer) => {
    heard = Buffer.concat([heard, bytes]);
    const answer = amqpWire.readAnswer(heard);
    if (answer === 'refused') resolve('disabled');
    // A Close that refuses follows its Open, and may arrive later.
    else if (answer === 'accepted' && hasBegun(heard)) resolve('accepted');
  });
  socket.once('close', () => resolve(saslProblem(heard)));
  const outcome = await promise;
  if (outcome !== 'accepted') socket.destroy();
  else socket.removeAllListeners('data').resume();
  return {
    outcome,
    ...(outcome === 'accepted' && { open: { closed, isClosed: () => socket.closed } }),
    async end() {
      socket.end(amqpWire.goodbye);
      await closed;
    },
  };
}

function saslProblem(heard: Buffer): Visit['outcome'] {
  const at = heard.indexOf(saslOutcome);
  if (at === -1) return 'unavailable';
  // A list of one field, an unsigned byte; the list is told with sizes of one byte, or of four.
  return heard[heard.indexOf(ubyte, at + saslOutcome.length) + 1] === saslAuth ? 'refused' : 'not-now';
}

const httpOutcomes: Readonly<Record<number, Visit['outcome']>> = {
  202: 'accepted',
  401: 'refused',
  404: 'disabled',
  429: 'throttled',
};

async function overHttp(port: number, { id, password, address }: Visitor): Promise<Visit> {
  const asked = request({
    ...{ port, host: adapterAddress, localAddress: address, agent: false, method: 'POST', path: '/event' },
    auth: `${id}@acme:${password}`,
    headers: { 'content-type': 'text/plain', 'content-length': 1 },
  });
  asked.end('x');
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.resume();
  return nothingOpen(httpOutcomes[answer.statusCode ?? 0] ?? 'unavailable');
}

const coapOutcomes: Readonly<Record<number, Visit['outcome']>> = {
  0x44: 'accepted',
  0x84: 'disabled',
  0x9d: 'throttled',
};

async function overCoap(port: number, { id, password, address }: Visitor): Promise<Visit> {
  const association = associate(port, `${id}@acme`, password, {
    // A handshake that is refused has no other end. A busy machine has more time.
    handshakeWithinMs: 30_000,
    timing: patientTiming,
    localAddress: address,
  });
  const end = (): void => association.vanish();
  if (!(await association.opened)) {
    end();
    // A handshake without an end does not say why: a wrong key, or no key to be had.
    return nothingOpen('not-now');
  }
  const { code } = await association.coap.request({ path: ['e'], payload: Buffer.from('x') });
  return { outcome: coapOutcomes[code] ?? 'unavailable', end };
}
