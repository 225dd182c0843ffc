// A downstream of a plain broker: takes everything with QoS 1, and tells how much when asked: mqtt-consumer.mjs <port> <username>
import { once } from 'node:events';
import { connect } from 'node:net';
import { generate, parser } from 'mqtt-packet';
import { password } from './stack.mjs';

const [port, username = ''] = process.argv.slice(2);
const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true });
await once(socket, 'connect');
let messages = 0;
const packets = parser();
packets.on('packet', (packet) => {
  if (packet.cmd === 'connack')
    socket.write(
      generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'telemetry', qos: 1 }] }),
    );
  if (packet.cmd === 'suback') process.send?.('ready');
  if (packet.cmd !== 'publish') return;
  messages += 1;
  if (packet.qos === 1) socket.write(generate({ cmd: 'puback', messageId: packet.messageId }));
});
socket.on('data', (bytes) => packets.parse(bytes));
socket.write(
  generate({
    ...{ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, keepalive: 0 },
    ...{ clientId: 'consumer', username, password: Buffer.from(password) },
  }),
);
process.on('message', () => process.send?.({ messages }));
