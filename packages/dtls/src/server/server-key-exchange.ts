import type { KeyExchange } from '../crypto/cipher-suite.ts';
import { createEphemeralKey, type EphemeralKey } from '../crypto/ecdhe.ts';
import type { HelloRandoms } from '../crypto/key-schedule.ts';
import { handshakeType } from '../wire/handshake-type.ts';
import {
  certificateList,
  certificateRequest,
  pskServerKeyExchange,
  signedServerKeyExchange,
} from './server-messages.ts';
import type { Settings } from './settings.ts';

export interface ServerKeyExchangeInput {
  readonly keyExchange: KeyExchange;
  readonly randoms: HelloRandoms;
  readonly certificate: Settings<unknown>['certificate'];
  /** Adds a message to the flight. */
  say(type: number, body: Uint8Array): void;
}

/** Says what follows the ServerHello of a full handshake, up to ServerHelloDone. Returns our half of an ECDHE. */
export function sayServerKeyExchange(input: ServerKeyExchangeInput): EphemeralKey | undefined {
  const { keyExchange, randoms, certificate, say } = input;
  const ephemeral = keyExchange === 'psk' ? undefined : createEphemeralKey();
  if (ephemeral && keyExchange === 'ecdhe_psk')
    say(handshakeType.serverKeyExchange, pskServerKeyExchange(ephemeral.parameters));
  if (ephemeral && keyExchange === 'ecdhe_ecdsa' && certificate) {
    const { chain, key } = typeof certificate === 'function' ? certificate() : certificate;
    say(handshakeType.certificate, certificateList(chain));
    say(handshakeType.serverKeyExchange, signedServerKeyExchange(ephemeral.parameters, randoms, key));
    say(handshakeType.certificateRequest, certificateRequest());
  }
  say(handshakeType.serverHelloDone, Buffer.alloc(0));
  return ephemeral;
}
