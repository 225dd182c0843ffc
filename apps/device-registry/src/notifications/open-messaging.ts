import { amqp } from '@rollcall/amqp-sender';
import {
  createDeviceDataSender,
  messagingSettings,
  resolveNetwork,
  type MessagingSettings,
} from '@rollcall/amqp-sender/internal';
import { createAmqpConnection, type AmqpConnectionOptions } from '@rollcall/amqp-connection';
import type { DeviceDataSender } from '@rollcall/core/device-data';
import { within, type Clock, type Log, type Random } from '@rollcall/core/environment';
import type { FollowedFiles } from '@rollcall/file-follower';
import type { ValuesOf } from '@rollcall/options';
import { followClientSecrets } from '@rollcall/options/module';
import type { ResourceStack } from '@rollcall/runtime';
import { maxKeptChanges, type ChangeOutbox } from '../store/change-outbox.ts';
import { openAmqpNotifications } from './amqp-notifications.ts';
import { Notifier } from './notifier.ts';

type MessagingValues = ValuesOf<typeof amqp.options>;

export interface MessagingParts {
  readonly values: MessagingValues;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly files: Pick<FollowedFiles, 'follow'>;
  /** The file of a secret, by the name of its option. `undefined`: the secret is in the variable itself, or not set. */
  fileOf(name: string): string | undefined;
  /** The changes to send. */
  readonly outbox: ChangeOutbox;
  failed(where: string, error: unknown): void;
}

/** What the registry sends to the messaging network. */
export interface RegistryMessaging {
  readonly notifier: Notifier;
  /** Sends the events about devices that registered themselves. */
  readonly sender: DeviceDataSender;
}

/** How long a stop waits until notifications are sent. */
const drainWithinMs = 2_000;
const containerName = 'device-registry';

/** Connects to the messaging network. @throws ConfigError if a file cannot be used. */
export function openMessaging(parts: MessagingParts, resources: ResourceStack): RegistryMessaging {
  const { values, clock, log, random, outbox, failed } = parts;
  const settings = messagingSettings(containerName, values);
  const network = resolveNetwork(settings.network, log);
  const options = connectionOptions(parts, settings);
  const { sendTimeoutMs, linkTimeoutMs } = settings;
  const link = resources.adopt(
    openAmqpNotifications({
      ...options,
      sendTimeoutMs,
      onReachable: (address) => notifier.reachable(address),
    }),
    (each) => each.close(),
  );
  const notifier = new Notifier({ clock, log, link, outbox, failed, maxKept: maxKeptChanges });
  resources.defer(async () => {
    await within(notifier.drained(), drainWithinMs, clock);
    await within(notifier.stop(), drainWithinMs, clock);
  });
  const connection = createAmqpConnection({
    ...options,
    role: 'events',
    containerName: `${containerName}-events`,
  });
  const sender = resources.adopt(
    createDeviceDataSender({ connection, random, network, sendTimeoutMs, creditWaitMs: linkTimeoutMs }),
    (each) => each.close(),
  );
  return { notifier, sender };
}

function connectionOptions(
  { values, clock, random, log, files, fileOf }: MessagingParts,
  settings: MessagingSettings,
): AmqpConnectionOptions {
  const secrets = followClientSecrets(
    'messaging',
    settings,
    {
      trustStore: values.trustStore,
      cert: values.cert,
      key: values.key,
      password: fileOf('MESSAGING_PASSWORD'),
    },
    { followFiles: (set) => files.follow(set), clock },
  );
  return {
    ...settings,
    ...{ clock, random, log },
    renewed() {
      const { password, tls } = secrets();
      return { ...(password !== undefined && { password }), ...(tls && { tls }) };
    },
  };
}
