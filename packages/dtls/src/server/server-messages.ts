import { sign, type KeyObject } from 'node:crypto';
import { cipherSuites } from '../crypto/cipher-suite.ts';
import type { HelloRandoms } from '../crypto/key-schedule.ts';
import { extensionType } from '../wire/extension-type.ts';
import { dtls10, dtls12 } from '../wire/protocol-version.ts';
import { ecdsaSha256, ecdsaSha384, hashOf } from '../wire/signature-scheme.ts';
import { uint16, vector16, vector24, vector8 } from '../wire/vectors.ts';
import type { Terms } from './negotiate.ts';

// The bodies of the server's messages, in the order in which it sends them.

const empty = Buffer.alloc(0);
/** RFC 8422 §5.5. */
const ecdsaSign = 64;

/** Its version is DTLS 1.0, whatever will be agreed on (RFC 6347 §4.2.1). */
export function helloVerifyRequest(cookie: Buffer): Buffer {
  return Buffer.concat([uint16(dtls10), vector8(cookie)]);
}

export interface ServerHelloParts {
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly terms: Terms;
  /** Ours: the client must put it into its records. */
  readonly connectionId: Uint8Array;
}

export function serverHello({ random, sessionId, terms, connectionId }: ServerHelloParts): Buffer {
  const extensions: Buffer[] = [];
  const extension = (type: number, body: Buffer): number => extensions.push(uint16(type), vector16(body));
  if (terms.renegotiationInfo) extension(extensionType.renegotiationInfo, vector8(empty));
  if (terms.extendedMasterSecret) extension(extensionType.extendedMasterSecret, empty);
  if (terms.encryptThenMac) extension(extensionType.encryptThenMac, empty);
  // The answer shows a client that its server name was used; a resumed session had its answer before (RFC 6066 §3).
  if (terms.serverName !== undefined && terms.signatureScheme !== undefined)
    extension(extensionType.serverName, empty);
  if (terms.pointFormats) extension(extensionType.pointFormats, vector8(Buffer.from([0])));
  if (terms.clientConnectionId) extension(extensionType.connectionId, vector8(connectionId));
  return Buffer.concat([
    uint16(dtls12),
    random,
    vector8(sessionId),
    uint16(cipherSuites[terms.cipherSuite].id),
    Buffer.from([0]),
    ...(extensions.length > 0 ? [vector16(Buffer.concat(extensions))] : []),
  ]);
}

export function certificateList(chain: readonly Uint8Array[]): Buffer {
  return vector24(Buffer.concat(chain.map(vector24)));
}

/** RFC 8422 §5.4. */
export function signedServerKeyExchange(
  parameters: Buffer,
  randoms: HelloRandoms,
  key: KeyObject,
  scheme: number,
): Buffer {
  const signature = sign(hashOf(scheme), Buffer.concat([randoms.client, randoms.server, parameters]), key);
  return Buffer.concat([parameters, uint16(scheme), vector16(signature)]);
}

/** RFC 5489 §2. We give no hint of an identity: devices know their own. */
export function pskServerKeyExchange(parameters: Buffer): Buffer {
  return Buffer.concat([vector16(empty), parameters]);
}

/** Names no authorities: a device has one certificate, and many tenants' lists would be long. */
export function certificateRequest(): Buffer {
  const schemes = Buffer.concat([uint16(ecdsaSha256), uint16(ecdsaSha384)]);
  return Buffer.concat([vector8(Buffer.from([ecdsaSign])), vector16(schemes), vector16(empty)]);
}
