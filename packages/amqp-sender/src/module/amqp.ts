import type { ChangeNotifications } from '@rollcall/core/registry';
import type { Messaging, MessagingContext, MessagingModule } from '@rollcall/messaging-module';
import type { ValuesOf } from '@rollcall/options';
import { createMessaging, type MessagingOptions } from '../create-messaging.ts';
import { openNotifications } from '../notifications.ts';
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
  openNotifications: (values, context): ChangeNotifications =>
    openNotifications(optionsOf(values, context, 'notifications')),
};

function create(values: ValuesOf<typeof amqpOptions>, context: MessagingContext): Messaging {
  return createMessaging(optionsOf(values, context, 'messaging'));
}

function optionsOf(
  values: ValuesOf<typeof amqpOptions>,
  context: MessagingContext,
  connection: string,
): MessagingOptions {
  const { clock, random, log, adapterType, fileOf } = context;
  const settings = amqpSettings(adapterType, values);
  const files = {
    trustStore: values.trustStore,
    cert: values.cert,
    key: values.key,
    password: fileOf('MESSAGING_PASSWORD'),
  };
  return { ...followSecrets(settings, files, context, connection), clock, random, log };
}
