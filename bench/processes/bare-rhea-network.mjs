// Who the senders send to: rhea as it comes, accepting every message, and not waiting for acknowledgements of TCP.
import rhea from 'rhea';

const container = rhea.create_container();
container.on('disconnected', () => {});
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
