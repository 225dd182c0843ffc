import type { Messaging, MessagingContext, MessagingModule } from '@rollcall/messaging-module';
import type { ValuesOf } from '@rollcall/options';
import { createMessaging } from '../create-messaging.ts';
import { tenantRules } from '../tenant-rules.ts';
import { amqpInForce } from './amqp-in-force.ts';
import { amqpOptions } from './amqp-options.ts';
import { amqpProblems } from './amqp-problems.ts';
import { amqpSettings } from './amqp-settings.ts';
import { followSecrets } from './follow-secrets.ts';
import { networkSettings } from './network-options.ts';

/** AMQP 1.0 messaging networks, as a module of adapters. */
export const amqp: MessagingModule<typeof amqpOptions> = {
  name: 'amqp',
  options: amqpOptions,
  chosenBy: 'MESSAGING_HOST',
  problems: amqpProblems,
  inForce: (textOf) => [...amqpInForce(textOf)],
  tenantRules: (values) => tenantRules(networkSettings(values)),
  create,
};

function create(values: ValuesOf<typeof amqpOptions>, context: MessagingContext): Messaging {
  const { clock, random, log, adapterType, fileOf } = context;
  const settings = amqpSettings(adapterType, values);
  const files = {
    trustStore: values.trustStore,
    cert: values.cert,
    key: values.key,
    password: fileOf('MESSAGING_PASSWORD'),
  };
  return createMessaging({ ...followSecrets(settings, files, context), clock, random, log });
}
