import type { EventSink } from '@rollcall/core/sink';
import type { Effective } from '@rollcall/options/internal';
import { filesOfSecrets } from '@rollcall/options/module';
import type { ChosenMessaging, Messaging, MessagingContext } from './messaging-module.ts';
import { noMessaging, noMessagingText } from './no-messaging.ts';

/** What the chosen module makes. Without one, data of devices is refused, which is told once. */
export function createMessaging(
  chosen: ChosenMessaging | undefined,
  effective: readonly Effective[],
  context: Omit<MessagingContext, 'fileOf'>,
): Messaging {
  if (chosen) return chosen.module.create(chosen.values, { ...context, fileOf: filesOfSecrets(effective) });
  context.log.warn({}, `${noMessagingText}: data that devices upload is refused`);
  return {
    sender: noMessaging,
    // `loadConfig` asks for a network where connection events go to one.
    eventsSink: (): EventSink => {
      throw new Error(noMessagingText);
    },
  };
}
