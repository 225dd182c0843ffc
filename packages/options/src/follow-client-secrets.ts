import type { Clock } from '@rollcall/core/environment';
import type { FollowedSet } from '@rollcall/file-follower';
import { certificatesIn, checkNewPair, checkPair } from '@rollcall/file-follower/pem';
import { withoutLineEnd } from './secret-from-file.ts';

interface ClientTls {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** What a client logs in with, and what it verifies the server with. */
interface ClientSecrets<Tls extends ClientTls> {
  readonly password?: string | undefined;
  /** Absent: the connection is not encrypted. */
  readonly tls?: Tls | undefined;
}

/** The files that it comes from. */
export interface ClientSecretFiles {
  readonly trustStore?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly password?: string | undefined;
}

/**
 * Follows the files of what a client connects with. A file that cannot be used changes nothing.
 *
 * @param name of the connection: the sets of files are called `name`, `name-truststore` and `name-password`.
 * @returns gives what is in the files at that time, for each later connect.
 */
export function followClientSecrets<Tls extends ClientTls>(
  name: string,
  first: ClientSecrets<Tls>,
  files: ClientSecretFiles,
  { followFiles, clock }: { followFiles(set: FollowedSet): void; readonly clock: Clock },
): () => ClientSecrets<Tls> {
  let { password, tls } = first;

  function replace(part: ClientTls): { readonly changed: boolean } {
    const before = tls;
    if (!before) return { changed: false };
    tls = { ...before, ...part };
    return { changed: before.ca !== tls.ca || before.cert !== tls.cert || before.key !== tls.key };
  }

  if (files.cert !== undefined && files.key !== undefined && tls?.cert !== undefined && tls.key !== undefined)
    followFiles({
      name,
      files: [files.key, files.cert],
      expiresAt: checkPair({ key: tls.key, cert: tls.cert }).expiresAt,
      use([key = '', cert = '']) {
        if (key === tls?.key && cert === tls.cert) return { changed: false };
        const { expiresAt } = checkNewPair({ key, cert }, clock.now());
        return { ...replace({ key, cert }), expiresAt };
      },
    });
  if (tls && files.trustStore !== undefined)
    followFiles({
      name: `${name}-truststore`,
      files: [files.trustStore],
      use([ca = '']) {
        certificatesIn(ca);
        return replace({ ca });
      },
    });
  if (files.password !== undefined)
    followFiles({
      name: `${name}-password`,
      files: [files.password],
      use([text = '']) {
        const before = password;
        const now = withoutLineEnd(text);
        if (now === '') throw new Error('the file of the password is empty');
        password = now;
        return { changed: before !== now };
      },
    });
  return () => ({ password, tls });
}
