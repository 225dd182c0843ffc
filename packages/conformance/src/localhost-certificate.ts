import { readFileSync } from 'node:fs';

/** Key and self-signed certificate for `localhost`, as PEM. They protect nothing. */
export function localhostCertificate(): { readonly key: string; readonly cert: string } {
  const pem = (name: string): string =>
    readFileSync(new URL(`../fixtures/localhost.${name}.pem`, import.meta.url), 'utf8');
  return { key: pem('key'), cert: pem('cert') };
}
