// Beside ours: the `coap` package as it comes, answering every request with 2.04.
import { createServer } from 'coap';
import { listen } from './udp.mjs';

const server = createServer((_request, response) => {
  response.code = '2.04';
  response.end();
});
server.listen(listen(() => {}));
