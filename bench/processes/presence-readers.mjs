// Readers of `watch`: presence-readers.mjs <URL> <how many> <how many of them never read>. Tells, when asked, how old changes were.
import { get } from 'node:http';

const [url = '', count = '1', idle = '0'] = process.argv.slice(2);
/** How long after its event each change came, ms. @type {number[]} */
let ages = [];
let changes = 0;
let complete = 0;
let ended = 0;

/** @param {import('node:http').IncomingMessage} response */
function read(response) {
  let rest = '';
  response.setEncoding('utf8');
  response.on('data', (/** @type {string} */ text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines)
      if (line === 'event: change') changes += 1;
      else if (line === 'event: snapshot-end') complete += 1;
      else noteAge(line);
  });
}

/** Of changes, not of the devices in a snapshot: those are lists. @param {string} line */
function noteAge(line) {
  const since = /^data: \{"tenant":.*?"since":"([^"]+)"/.exec(line)?.[1];
  if (since !== undefined) ages.push(Date.now() - Date.parse(since));
}

for (let reader = 0; reader < Number(count); reader += 1) {
  const request = get(url, { agent: false }, (response) => {
    response.on('close', () => (ended += 1));
    response.on('error', () => {});
    if (reader < Number(count) - Number(idle)) read(response);
    else response.pause();
  });
  request.on('error', () => {});
}
// One that was cut before it had read the snapshot is told as ended.
while (complete + ended < Number(count) - Number(idle))
  await new Promise((resolve) => setTimeout(resolve, 20));
process.on('message', () => {
  process.send?.({ ages, changes, ended });
  ages = [];
  changes = 0;
});
process.send?.('ready');
