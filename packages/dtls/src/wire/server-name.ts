import { ByteReader } from './byte-reader.ts';
import type { ClientHello } from './client-hello.ts';
import { extensionType } from './extension-type.ts';
import { Malformed } from './malformed.ts';

const hostNameType = 0;
/** Names that DNS allows. */
const hostName = /^[\w.-]{1,253}$/;

/**
 * The host name that a client asks for (RFC 6066 §3); `undefined` where it asks for none, or for what is no name in DNS.
 *
 * @throws Malformed
 */
export function serverNameIn({ extensions }: Pick<ClientHello, 'extensions'>): string | undefined {
  const extension = extensions.get(extensionType.serverName);
  if (extension === undefined) return undefined;
  const reader = new ByteReader(extension);
  const list = new ByteReader(reader.vector16());
  reader.end();
  if (list.left === 0) throw new Malformed('a list of server names has one at least');
  let found: Buffer | undefined;
  while (list.left > 0) {
    const type = list.uint8();
    const name = list.vector16();
    if (type !== hostNameType) continue;
    if (found !== undefined) throw new Malformed('a server name of one type comes twice');
    found = name;
  }
  const text = found?.toString('latin1');
  return text !== undefined && hostName.test(text) ? text : undefined;
}
