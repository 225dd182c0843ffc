import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { amqpWire, mqttWire } from '../device-wire.ts';
import { deviceId, password } from '../stage.ts';
import { guessedDevice } from './flood-list.ts';
import type { TcpProtocol } from './honest-device.ts';

const elsewhere = '127.0.5.2';

/** The adapter learns that a secret is right, from another address than the one that guesses at it. */
export async function proveElsewhere(protocol: TcpProtocol, port: number): Promise<void> {
  const username = `${deviceId(guessedDevice)}@acme`;
  const to = { host: '127.0.0.1', port, localAddress: elsewhere };
  if (protocol === 'http') {
    const sent = request({ ...to, method: 'POST', path: '/telemetry?x', auth: `${username}:${password}` });
    sent.end();
    const [answer] = await once(sent, 'response');
    answer.resume();
    if (answer.statusCode === 401) throw new Error('not let in');
    return;
  }
  const wire = { mqtt: mqttWire, amqp: amqpWire }[protocol];
  const socket = connect(to);
  socket.write(wire.connect({ username, password, remoteId: 'elsewhere' }));
  let heard = Buffer.alloc(0);
  while (wire.readAnswer(heard) === undefined) {
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    heard = Buffer.concat([heard, bytes]);
  }
  if (wire.readAnswer(heard) !== 'accepted') throw new Error('not let in');
  socket.end(wire.goodbye);
}
