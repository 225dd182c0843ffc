// Ours, sending so many messages when asked: sender-rollcall.mjs <port> device-data|connection-events
import { createMessaging } from '@rollcall/amqp-sender';
import { silentLog, systemClock, systemRandom } from '@rollcall/core/environment';
import { connectionEvent, deviceMessage } from '../load/device-message.mjs';
import { inWindow } from '../load/in-window.mjs';

const [port, what] = process.argv.slice(2);
const { sender, eventsSink } = createMessaging({
  host: '127.0.0.1',
  port: Number(port),
  containerName: 'bench',
  clock: systemClock,
  random: systemRandom,
  log: silentLog,
  sendTimeoutMs: 10_000,
});

const send = what === 'connection-events' ? sendConnectionEvents() : sendDeviceData;

function sendDeviceData(/** @type {number} */ messages, /** @type {number} */ window) {
  return inWindow(
    messages,
    window,
    () => sender.send(deviceMessage()),
    ({ status }) => status === 'accepted',
  );
}

function sendConnectionEvents() {
  const sink = eventsSink();
  const { signal } = new AbortController();
  let sent = 0;
  const deliver = () => {
    sent += 1;
    return sink.deliver({ event: connectionEvent(sent), downstream: { defaults: {} } }, signal);
  };
  return (/** @type {number} */ messages, /** @type {number} */ window) =>
    inWindow(messages, window, deliver, ({ status }) => status === 'delivered');
}

process.on('message', (/** @type {{ messages: number, window: number }} */ { messages, window }) => {
  void send(messages, window).then(() => process.send?.('done'));
});
while (!sender.connected()) await new Promise((resolve) => setTimeout(resolve, 10));
process.send?.('ready');
