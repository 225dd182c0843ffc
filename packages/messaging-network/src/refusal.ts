import { addressText } from './addresses.ts';

/** Why there is nothing at an address, as AMQP says it. */
export interface Refusal {
  readonly condition: string;
  readonly description: string;
}

/** Those of Eclipse Hono for commands to devices, its internal and former ones too. */
const commands = /^(?:command(?:_[a-z]+)?|control)(?:\/|$)/;

/** What to say of an address that is none here, to whoever wants to send to it, or to receive from it. */
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
