// Devices that post over a few connections that are kept alive, as behind a proxy: http-load.mjs <port>. Asked with { indices }.
import { openHttpConnection } from '../load/http-client.mjs';
import { inParallel } from '../load/in-parallel.mjs';

const port = Number(process.argv[2]);
const connections = 50;

process.on('message', (/** @type {{ indices: number[] }} */ { indices }) => void post(indices));
process.send?.('ready');

/** @param {readonly number[]} indices of devices, each of which posts once */
async function post(indices) {
  let next = 0;
  await inParallel(Math.min(connections, indices.length), connections, async () => {
    const connection = await openHttpConnection(port);
    while (next < indices.length) await connection.post(indices[next++] ?? 0);
    connection.close();
  });
  process.send?.('done');
}
