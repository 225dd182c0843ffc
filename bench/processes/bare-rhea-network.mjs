// A floor, and who the senders send to: rhea as it comes, letting everybody in and accepting every message.
import rhea from 'rhea';

const container = rhea.create_container();
container.on('disconnected', () => {});
container.sasl_server_mechanisms.enable_plain(() => true);
container.sasl_server_mechanisms.enable_anonymous();
const server = container.listen({
  host: '127.0.0.1',
  port: 0,
  tcp_no_delay: true,
  receiver_options: { credit_window: 2_000 },
});
server.on('listening', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' ? address?.port : undefined);
});
