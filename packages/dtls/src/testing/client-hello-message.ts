import { cipherSuites } from '../crypto/cipher-suite.ts';
import { namedCurves } from '../crypto/named-curve.ts';
import { extensionType } from '../wire/extension-type.ts';
import { dtls12 } from '../wire/protocol-version.ts';
import { ecdsaSha256 } from '../wire/signature-scheme.ts';
import { uint16, vector16, vector8 } from '../wire/vectors.ts';
import type { DtlsClientOptions } from './client-options.ts';

/** The body of a ClientHello. */
export function clientHelloMessage(
  options: DtlsClientOptions,
  random: Uint8Array,
  cookie: Uint8Array,
): Buffer {
  const suites = options.cipherSuites.map((name) => uint16(cipherSuites[name].id));
  const extensions: Buffer[] = [];
  const extension = (type: number, body: Uint8Array): number => extensions.push(uint16(type), vector16(body));
  const { serverName } = options;
  if (serverName !== undefined)
    extension(
      extensionType.serverName,
      typeof serverName === 'string' ? hostNameList(serverName) : Buffer.from(serverName),
    );
  extension(extensionType.renegotiationInfo, vector8(Buffer.alloc(0)));
  if (options.extendedMasterSecret !== false) extension(extensionType.extendedMasterSecret, Buffer.alloc(0));
  if (options.encryptThenMac !== false) extension(extensionType.encryptThenMac, Buffer.alloc(0));
  if (options.cipherSuites.some((name) => cipherSuites[name].keyExchange !== 'psk')) {
    const groups = (options.curves ?? ['P-256']).map((name) => uint16(namedCurves[name].id));
    extension(extensionType.supportedGroups, vector16(Buffer.concat(groups)));
    const schemes = (options.signatureSchemes ?? [ecdsaSha256]).map((scheme) => uint16(scheme));
    extension(extensionType.pointFormats, vector8(Buffer.from([0])));
    extension(extensionType.signatureAlgorithms, vector16(Buffer.concat(schemes)));
  }
  if (options.connectionId) extension(extensionType.connectionId, vector8(options.connectionId));
  return Buffer.concat([
    uint16(dtls12),
    random,
    vector8(options.session?.id ?? Buffer.alloc(0)),
    vector8(cookie),
    vector16(Buffer.concat(suites)),
    vector8(Buffer.from([0])),
    vector16(Buffer.concat(extensions)),
  ]);
}

/** RFC 6066 §3, with one name. */
function hostNameList(name: string): Buffer {
  return vector16(Buffer.concat([Buffer.from([0]), vector16(Buffer.from(name, 'latin1'))]));
}
