import type { LinkHost } from './link-host.ts';
import { OwnSessionHost } from './own-session-host.ts';
import { openReceiver } from './receiver-link.ts';
import type { ReceiverLink, ReceiverOptions } from './receiver-options.ts';
import { createSenderLink } from './sender-link.ts';
import type { SenderLink, SenderOptions } from './sender-options.ts';

/** A sender link with its own session, opened again whenever the peer ends it. Its failures do not affect other links. */
export function openOwnSessionSender(
  shared: LinkHost,
  address: string | undefined,
  options: SenderOptions,
): SenderLink {
  const host = new OwnSessionHost(shared);
  const link = createSenderLink(host, address, options);
  return {
    send: (message, sendOptions) => link.send(message, sendOptions),
    submit: (message, sendOptions, done) => link.submit(message, sendOptions, done),
    async close() {
      await link.close();
      host.end();
    },
  };
}

/** A receiver link with its own session, opened again whenever the peer ends it. */
export function openOwnSessionReceiver(
  shared: LinkHost,
  address: string,
  options: ReceiverOptions,
): ReceiverLink {
  const host = new OwnSessionHost(shared);
  const link = openReceiver(host, address, options);
  return {
    attached: () => link.attached(),
    async close() {
      await link.close();
      host.end();
    },
  };
}
