import { createAmqpConnection, type AmqpConnectionOptions } from '@rollcall/amqp-connection';
import type { ChangeNotifications } from '@rollcall/core/registry';

/** How many notifications are under way at a time. */
const credit = 200;

/**
 * Listens to `notification/<topic>`, as Eclipse Hono's adapters do (`docs/hono-compatibility.md` §17), on a connection of its own:
 * so a sender that waits does not delay notifications.
 */
export function openNotifications(options: AmqpConnectionOptions): ChangeNotifications {
  const role = 'notifications';
  const connection = createAmqpConnection({
    ...options,
    role,
    containerName: `${options.containerName}-${role}`,
  });
  return {
    listen(topic, listener) {
      connection.openReceiver(`notification/${topic}`, {
        credit,
        onMessage: async ({ body }) => {
          listener.heard(body);
          return 'accepted';
        },
        onStateChange: (attached) => listener.attachedChanged(attached),
      });
    },
    close: () => connection.close(),
  };
}
