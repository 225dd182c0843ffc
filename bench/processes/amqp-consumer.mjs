// A downstream over AMQP 1.0: takes everything, and tells how much when asked: amqp-consumer.mjs <port> <address> <username>
import { once } from 'node:events';
import rhea from 'rhea';
import { password } from './stack.mjs';

const [port, address = '', username] = process.argv.slice(2);
const connection = rhea
  .create_container()
  .connect({ host: '127.0.0.1', port: Number(port), username, password, tcp_no_delay: true });
const receiver = connection.open_receiver({ source: address, credit_window: 2_000 });
let messages = 0;
receiver.on('message', () => {
  messages += 1;
});
await once(receiver, 'receiver_open');
process.on('message', () => process.send?.({ messages }));
process.send?.('ready');
