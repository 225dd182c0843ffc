import type { PasswordCredentials } from './credentials.ts';

/** What a device asks for with one frame; `invalid` says why it asks for nothing. */
export type DeviceRequest =
  /** Without credentials, where the certificate that the device presented to TLS says who it is. */
  | { readonly name: 'login'; readonly credentials?: PasswordCredentials }
  | {
      readonly name: 'telemetry' | 'event';
      readonly contentType: string;
      readonly payload: Uint8Array;
    }
  | { readonly name: 'ping' }
  | { readonly name: 'bye' }
  | { readonly name: 'invalid'; readonly text: string };

/**
 * Understands one frame that `frameProblem` found sound. Says nothing of what was in it: a password may have been.
 */
export function parseRequest(frame: Uint8Array): DeviceRequest {
  const text = Buffer.from(frame).toString();
  const [name, first = '', rest] = splitAtSpaces(text);
  switch (name) {
    case 'login':
      if (text === name) return { name };
      if (first === '' || rest === undefined)
        return { name: 'invalid', text: 'login needs a user and a password' };
      return { name, credentials: { username: first, password: Buffer.from(rest) } };
    case 'telemetry':
    case 'event':
      if (!contentTypePattern.test(first)) return { name: 'invalid', text: `${name} needs a content type` };
      return { name, contentType: first, payload: Buffer.from(rest ?? '') };
    case 'ping':
    case 'bye':
      if (text !== name) return { name: 'invalid', text: `${name} takes no arguments` };
      return { name };
    default:
      return { name: 'invalid', text: 'unknown request' };
  }
}

/** It goes into a header of the message: printable ASCII, and no longer than a header should be. */
const contentTypePattern = /^[\x21-\x7e]{1,128}$/;

/** Up to three parts; the third is the rest of the text, spaces and all. */
function splitAtSpaces(text: string): readonly [string, string?, string?] {
  const one = text.indexOf(' ');
  if (one < 0) return [text];
  const two = text.indexOf(' ', one + 1);
  if (two < 0) return [text.slice(0, one), text.slice(one + 1)];
  return [text.slice(0, one), text.slice(one + 1, two), text.slice(two + 1)];
}
