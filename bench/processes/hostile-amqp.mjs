// Peers that mean harm, as many conversations as it is told: hostile-amqp.mjs <port>
import { once } from 'node:events';
import { seededRandom } from '@rollcall/conformance';
import { mutated, sendInPieces } from '@rollcall/conformance/hostile';
import rhea from 'rhea';
import { deviceId, password, tenant } from './stack.mjs';

const port = Number(process.argv[2]);
const random = seededRandom(20_261_125);
const atATime = 25;

/** What a device says, chunk by chunk, until it has sent three messages. */
async function recorded() {
  /** @type {Buffer[]} */
  const chunks = [];
  const connection = rhea.create_container({ id: deviceId(0) }).connect({
    host: '127.0.0.1',
    port,
    reconnect: false,
    username: `${deviceId(0)}@${tenant}`,
    password,
  });
  const { socket } = /** @type {{ socket: import('node:net').Socket }} */ (
    /** @type {unknown} */ (connection)
  );
  const write = socket.write.bind(socket);
  socket.write = (/** @type {Buffer} */ bytes) => {
    chunks.push(Buffer.from(bytes));
    return write(bytes);
  };
  const sender = connection.open_sender({ target: {} });
  await once(sender, 'sendable');
  for (let sent = 0; sent < 3; sent++) {
    sender.send({ to: 'telemetry', body: 'x', content_type: 'text/plain' });
    await once(sender, 'accepted');
  }
  const loggedIn = chunks.slice(0, -3);
  connection.close();
  await once(connection, 'connection_close');
  return { chunks, loggedIn };
}

/** What has brought AMQP parsers down, for a session that is open: sizes and counts that promise much, and nesting. */
const crafted = [
  // A frame of 2 GB.
  Buffer.from('7fffffff0200000000531400', 'hex'),
  // Everything there could be is accepted.
  frame('005315d000000016000000054252005270ffffffff4100532445'),
  // A transfer whose state is an array of 2^32 - 1 nulls.
  frame('005314c00f0843520043a0004342404040f00000000affffffff40'),
  // A message in which lists nest 4,000 deep, and each says that there is more.
  frame(`005314c00b0643520043a00131434242${'d0000fffff0000ffff'.repeat(1_000)}`),
];

/** @param {string} hex */
function frame(hex) {
  const body = Buffer.from(hex, 'hex');
  const head = Buffer.from('0000000002000000', 'hex');
  head.writeUInt32BE(head.length + body.length);
  return Buffer.concat([head, body]);
}

const { chunks, loggedIn } = await recorded();
/** Half of them are as they should be until they have logged in, for else most get no further. @param {number} number */
function mutation(number) {
  return number % 2 === 0
    ? mutated(chunks, random)
    : Buffer.concat([...loggedIn, mutated(chunks.slice(loggedIn.length), random)]);
}

process.on('message', (/** @type {{ conversations: number }} */ { conversations }) => {
  let begun = 0;
  const play = async () => {
    while (begun < conversations) {
      begun += 1;
      const harm = crafted[begun % (4 * crafted.length)];
      await sendInPieces(port, harm ? Buffer.concat([...loggedIn, harm]) : mutation(begun), random);
    }
  };
  void Promise.all(Array.from({ length: atATime }, play)).then(() => process.send?.('done'));
});
process.send?.('ready');
