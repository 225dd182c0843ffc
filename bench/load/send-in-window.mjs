/**
 * Sends with rhea, so many messages in flight at most, and again what comes back because the consumer was too slow.
 * @param {import('rhea').Sender} sender
 * @param {{ messages: number, window: number }} load
 * @param {(number: number) => void} send sends one
 * @returns {Promise<void>} once all were accepted
 */
export function sendInWindow(sender, { messages, window }, send) {
  return new Promise((resolve) => {
    let sent = 0;
    let confirmed = 0;
    const sendMore = () => {
      while (sent < messages && sent - confirmed < window && sender.sendable()) {
        sent += 1;
        send(sent);
      }
    };
    const released = () => {
      sent -= 1;
      sendMore();
    };
    const accepted = () => {
      confirmed += 1;
      if (confirmed < messages) return sendMore();
      sender.removeListener('accepted', accepted);
      sender.removeListener('released', released);
      sender.removeListener('sendable', sendMore);
      return resolve();
    };
    sender.on('accepted', accepted);
    sender.on('released', released);
    sender.on('sendable', sendMore);
    sendMore();
  });
}
