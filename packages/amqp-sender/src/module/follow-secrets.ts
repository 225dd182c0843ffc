import { certificatesIn, checkNewPair, checkPair } from '@rollcall/file-follower';
import type { MessagingContext } from '@rollcall/messaging-module';
import { withoutLineEnd } from '@rollcall/options';
import type { MessagingSettings, MessagingTls } from './amqp-settings.ts';

/** The files with what we prove ourselves with to the messaging network, and what we verify it with. */
export interface MessagingFiles {
  readonly trustStore?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly password?: string | undefined;
}

/** The settings; each later connect uses what is in the files at that time. */
export function followSecrets(
  settings: MessagingSettings,
  files: MessagingFiles,
  { followFiles, clock }: Pick<MessagingContext, 'followFiles' | 'clock'>,
): MessagingSettings {
  let { password, tls } = settings;

  function replace(part: Partial<MessagingTls>): { readonly changed: boolean } {
    const before = tls;
    if (!before) return { changed: false };
    tls = { ...before, ...part };
    return { changed: before.ca !== tls.ca || before.cert !== tls.cert || before.key !== tls.key };
  }

  if (files.cert !== undefined && files.key !== undefined && tls?.cert !== undefined && tls.key !== undefined)
    followFiles({
      name: 'messaging',
      files: [files.key, files.cert],
      expiresAt: checkPair({ key: tls.key, cert: tls.cert }).expiresAt,
      use([key = '', cert = '']) {
        if (key === tls?.key && cert === tls.cert) return { changed: false };
        const { expiresAt } = checkNewPair({ key, cert }, clock.now());
        return { ...replace({ key, cert }), expiresAt };
      },
    });
  if (files.trustStore !== undefined)
    followFiles({
      name: 'messaging-truststore',
      files: [files.trustStore],
      use([ca = '']) {
        certificatesIn(ca);
        return replace({ ca });
      },
    });
  if (files.password !== undefined)
    followFiles({
      name: 'messaging-password',
      files: [files.password],
      use([text = '']) {
        const before = password;
        const now = withoutLineEnd(text);
        if (now === '') throw new Error('the file of the password is empty');
        password = now;
        return { changed: before !== now };
      },
    });
  return {
    ...settings,
    renewed: () => ({ ...(password !== undefined && { password }), ...(tls && { tls }) }),
  };
}
