import { addressText } from './addresses.ts';

/** Why an address is refused: an AMQP error. */
export interface Refusal {
  readonly condition: string;
  readonly description: string;
}

/** Addresses of Eclipse Hono for commands to devices, its internal and former ones too. */
const commands = /^(?:command(?:_[a-z]+)?|control)(?:\/|$)/;

/** The error for a peer that wants to send to, or receive from, an address that this network does not have. */
export function refusalOf(address: unknown, verb: 'send to' | 'receive from'): Refusal {
  const text = addressText(address);
  if (commands.test(text))
    return {
      condition: 'amqp:not-implemented',
      description: `cannot ${verb} ${text}: this network carries events and telemetry, and no commands to devices. Use a messaging network of Eclipse Hono for commands`,
    };
  const known =
    verb === 'send to'
      ? 'event/<tenant> and telemetry/<tenant>'
      : 'event/<tenant>, event/<tenant>::<application>, event/#, event/#::<application> and telemetry/<tenant>';
  return { condition: 'amqp:not-found', description: `cannot ${verb} ${text}: there are ${known}` };
}
