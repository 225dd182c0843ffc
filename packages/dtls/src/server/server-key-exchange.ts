import { createEphemeralKey, type EphemeralKey } from '../crypto/ecdhe.ts';
import type { HelloRandoms } from '../crypto/key-schedule.ts';
import { handshakeType } from '../wire/handshake-type.ts';
import {
  certificateList,
  certificateRequest,
  pskServerKeyExchange,
  signedServerKeyExchange,
} from './server-messages.ts';
import type { Terms } from './negotiate.ts';
import type { ServerCertificate } from './options.ts';

export interface ServerKeyExchangeInput {
  readonly terms: Terms;
  readonly randoms: HelloRandoms;
  readonly certificate: ServerCertificate | undefined;
  /** Adds a message to the flight. */
  say(type: number, body: Uint8Array): void;
}

/** Adds what follows the ServerHello of a full handshake, up to ServerHelloDone. Returns our half of an ECDHE. */
export function sayServerKeyExchange(input: ServerKeyExchangeInput): EphemeralKey | undefined {
  const { terms, randoms, certificate, say } = input;
  const { curve, signatureScheme } = terms;
  const ephemeral = curve && createEphemeralKey(curve);
  if (ephemeral && signatureScheme === undefined)
    say(handshakeType.serverKeyExchange, pskServerKeyExchange(ephemeral.parameters));
  if (ephemeral && signatureScheme !== undefined && certificate) {
    const { chain, key } = certificate;
    say(handshakeType.certificate, certificateList(chain));
    say(
      handshakeType.serverKeyExchange,
      signedServerKeyExchange(ephemeral.parameters, randoms, key, signatureScheme),
    );
    say(handshakeType.certificateRequest, certificateRequest());
  }
  say(handshakeType.serverHelloDone, Buffer.alloc(0));
  return ephemeral;
}
