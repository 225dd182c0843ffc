import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import mqtt from 'mqtt';
import { associate, patientTiming } from '../../e2e/support/coap-association.ts';
import type { Outcome } from './device-truth.ts';
import { amqpWire } from './device-wire.ts';

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

async function overMqtt(port: number, { id, password }: Visitor): Promise<Visit> {
  const facts = {
    username: `${id}@acme`,
    password,
    clientId: id,
    reconnectPeriod: 0,
    protocolVersion: 5,
    // As long as clients wait.
    connectTimeout: 30_000,
  } as const;
  try {
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, facts, false);
    client.on('error', () => {});
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
    return {
      outcome: 'accepted',
      open: { closed, isClosed: () => !client.connected },
      end: () => client.endAsync(true),
    };
  } catch (error) {
    const { code } = error as { readonly code?: number };
    return nothingOpen(mqttOutcomes[code ?? 0] ?? 'unavailable');
  }
}

/** Where a `sasl-outcome` has its code, and what that means (AMQP 1.0 §5.3.3.6). */
const saslOutcome = Buffer.from([0x00, 0x53, 0x44]);
const ubyte = 0x50;
const saslAuth = 1;

async function overAmqp(port: number, { id, password }: Visitor): Promise<Visit> {
  const socket = connectSocket({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  socket.write(amqpWire.connect({ username: `${id}@acme`, password, remoteId: id }));
  let heard = Buffer.alloc(0);
  const { promise, resolve } = Promise.withResolvers<Visit['outcome']>();
  socket.on('data', (bytes: Buffer) => {
    heard = Buffer.concat([heard, bytes]);
    const answer = amqpWire.readAnswer(heard);
    if (answer === 'refused') resolve('disabled');
    // A Close that refuses follows its Open at once.
    else if (answer === 'accepted') setTimeout(() => resolve('accepted'), 100);
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

async function overHttp(port: number, { id, password }: Visitor): Promise<Visit> {
  const authorization = `Basic ${Buffer.from(`${id}@acme:${password}`).toString('base64')}`;
  const { status } = await fetch(`http://127.0.0.1:${port}/event`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'text/plain' },
    body: 'x',
  });
  return nothingOpen(httpOutcomes[status] ?? 'unavailable');
}

const coapOutcomes: Readonly<Record<number, Visit['outcome']>> = {
  0x44: 'accepted',
  0x84: 'disabled',
  0x9d: 'throttled',
};

async function overCoap(port: number, { id, password }: Visitor): Promise<Visit> {
  const association = associate(port, `${id}@acme`, password, {
    handshakeWithinMs: 10_000,
    timing: patientTiming,
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
