import { checkNewPair, checkPair, type PemPair } from '@rollcall/file-follower/pem';
import type { HostContext } from '../protocol-adapter.ts';
import type { TlsListener } from './listener-options.ts';

/** Gives a listener its new certificate when the files have a new one. */
export function followPair(
  name: string,
  listener: TlsListener,
  { clock, followFiles }: Pick<HostContext, 'clock'> & Partial<Pick<HostContext, 'followFiles'>>,
  use: (pair: PemPair) => void,
): void {
  if (!listener.files || !followFiles) return;
  let used: PemPair = listener;
  followFiles({
    name,
    files: [listener.files.key, listener.files.cert],
    expiresAt: checkPair(listener).expiresAt,
    use([key = '', cert = '']) {
      if (key === used.key && cert === used.cert) return { changed: false };
      const { expiresAt } = checkNewPair({ key, cert }, clock.now());
      use({ key, cert });
      used = { key, cert };
      return { changed: true, expiresAt };
    },
  });
}
