/**
 * Sends with rhea, so many messages in flight at most.
 * @param {import('rhea').Sender} sender
 * @param {{ messages: number, window: number }} load
 * @param {(number: number) => void} send sends one
 * @returns {Promise<void>} once all were accepted; rejects where one was not
 */
export function sendInWindow(sender, { messages, window }, send) {
  return new Promise((resolve, reject) => {
    let sent = 0;
    let confirmed = 0;
    const sendMore = () => {
      while (sent < messages && sent - confirmed < window && sender.sendable()) {
        sent += 1;
        send(sent);
      }
    };
    const accepted = () => {
      confirmed += 1;
      if (confirmed < messages) return sendMore();
      sender.removeListener('accepted', accepted);
      sender.removeListener('sendable', sendMore);
      return resolve();
    };
    sender.once('released', () => reject(new Error('a message was released')));
    sender.once('rejected', () => reject(new Error('a message was rejected')));
    sender.on('accepted', accepted);
    sender.on('sendable', sendMore);
    sendMore();
  });
}
