import { internalsOf } from '@rollcall/rhea-internals';
import type rhea from 'rhea';

/** Messages a device may have under way on a link, as in Hono. */
const linkCredit = 30;

/** A device attaches to send: its messages say by themselves where they go, so that the link has no address. */
export function attachedToSend(link: rhea.Receiver): void {
  const target = link.target?.address as unknown;
  const raw = internalsOf(link);
  raw.set_source({});
  raw.set_target({});
  if (target !== undefined && target !== null && target !== '') {
    link.close({
      condition: 'hono:bad-request',
      description: 'container supports anonymous terminus only',
    });
    return;
  }
  link.add_credit(linkCredit);
}

/** A device attaches to receive: there is nothing yet that it could. */
export function attachedToReceive(link: rhea.Sender): void {
  const address = (link.source as { readonly address?: unknown } | undefined)?.address;
  const source = typeof address === 'string' ? address : '';
  const raw = internalsOf(link);
  raw.set_source({ address: source });
  raw.set_target({});
  const isCommand = /^(?:command|c)(?:\/|$)/.test(source);
  link.close(
    isCommand
      ? { condition: 'amqp:not-implemented', description: 'commands are not supported' }
      : { condition: 'amqp:not-found', description: 'no such node' },
  );
}
