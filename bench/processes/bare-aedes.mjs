// A floor: aedes as it comes, letting everybody in and answering every PUBLISH.
import { createServer } from 'node:net';
import { Aedes } from 'aedes';

const broker = await Aedes.createBroker();
const server = createServer((socket) => {
  socket.setNoDelay(true);
  broker.handle(socket);
});
server.listen(0, '127.0.0.1', 10_000, () => {
  const address = server.address();
  process.send?.(typeof address === 'object' ? address?.port : undefined);
});
