import type { MessagingContext } from '@rollcall/messaging-module';
import { followClientSecrets, type ClientSecretFiles } from '@rollcall/options/module';
import type { MessagingSettings } from './amqp-settings.ts';

/**
 * The settings; each later connect uses what is in the files at that time.
 *
 * @param name of the connection, see `followClientSecrets`.
 */
export function followSecrets(
  settings: MessagingSettings,
  files: ClientSecretFiles,
  context: Pick<MessagingContext, 'followFiles' | 'clock'>,
  name = 'messaging',
): MessagingSettings {
  const secrets = followClientSecrets(name, settings, files, context);
  return {
    ...settings,
    renewed() {
      const { password, tls } = secrets();
      return { ...(password !== undefined && { password }), ...(tls && { tls }) };
    },
  };
}
