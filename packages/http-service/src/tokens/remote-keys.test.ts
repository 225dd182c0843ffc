import { generateKeyPairSync, type KeyObject, type webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ManualClock } from '@rollcall/conformance';
import { errors, exportJWK } from 'jose';
import { describe, expect, onTestFinished, test } from 'vitest';
import { remoteKeys } from './remote-keys.ts';
import { KeysUnavailable } from './token-keys.ts';

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });

async function setOf(...names: readonly string[]): Promise<string> {
  const jwk = await exportJWK(pair.publicKey);
  return JSON.stringify({ keys: names.map((kid) => Object.assign({ kid, alg: 'ES256' }, jwk)) });
}

/** An issuer that answers so, until another answer is given. */
async function given(first: (response: ServerResponse) => void) {
  const issuer = { answer: first, asked: 0 };
  const listener: RequestListener = (_request, response) => {
    issuer.asked += 1;
    issuer.answer(response);
  };
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const clock = new ManualClock();
  const failures: unknown[] = [];
  const { port } = server.address() as AddressInfo;
  const { keys } = remoteKeys(new URL(`http://127.0.0.1:${port}/keys`), {
    clock,
    failed: (error) => failures.push((error as Error).cause),
  });
  /** What comes of a token that names this key. */
  const outcome = async (kid: string): Promise<string> => {
    const header = { alg: 'ES256', kid };
    try {
      const key = await keys(header, { payload: '', signature: '', protected: '' });
      return (key as webcrypto.CryptoKey | KeyObject).type;
    } catch (error) {
      return error instanceof KeysUnavailable ? 'unavailable' : (error as Error).name;
    }
  };
  return { issuer, clock, failures, outcome };
}

const noMatch = new errors.JWKSNoMatchingKey().name;
const sends = (text: string) => (response: ServerResponse) => void response.end(text);
const isAway = (response: ServerResponse): void => void response.socket?.destroy();

test('keys are fetched once, and again after ten minutes, and earlier keys are used meanwhile', async () => {
  const { issuer, clock, outcome } = await given(sends(await setOf('one')));
  expect(await Promise.all(['one', 'one', 'one'].map(outcome))).toEqual(['public', 'public', 'public']);
  clock.advance(599_999);
  expect([await outcome('one'), issuer.asked]).toEqual(['public', 1]);
  clock.advance(1);
  let answer = (): void => {};
  const waiting = new Promise<void>((resolve) => {
    issuer.answer = (response) => {
      answer = () => void response.end('{"keys": []}');
      resolve();
    };
  });
  // No one waits for the issuer.
  expect(await outcome('one')).toBe('public');
  await waiting;
  expect([await outcome('one'), issuer.asked]).toEqual(['public', 2]);
  answer();
  await expect.poll(() => outcome('one')).toBe(noMatch);
});

test('tokens with unknown keys cause at most two fetches a minute', async () => {
  const { issuer, clock, outcome } = await given(sends(await setOf('one')));
  for (let second = 0; second < 120; second += 1) {
    expect(await outcome(`unknown-${second}`)).toBe(noMatch);
    clock.advance(1_000);
  }
  expect(issuer.asked).toBe(4);
  issuer.answer = sends(await setOf('two'));
  expect(await outcome('two')).toBe('public');
});

describe.each<[string, (response: ServerResponse) => void, string]>([
  ['is away', isAway, 'socket hang up'],
  ['answers with an error', (response) => response.writeHead(500).end(), 'answered with 500'],
  [
    'leads elsewhere',
    (response) => response.writeHead(302, { location: '/other' }).end(),
    'answered with 302',
  ],
  ['sends no JSON', sends('<html>'), 'JSON'],
  ['sends no key set', sends('{"keys": 7}'), 'JSON Web Key Set'],
  ['sends without an end', flood, 'more than 1048576 bytes'],
])('an issuer that %s', (_what, answer, cause) => {
  test('is asked every 5 s at most, and no token can be checked meanwhile', async () => {
    const { issuer, clock, failures, outcome } = await given(answer);
    for (let round = 0; round < 3; round += 1) {
      const outcomes = await Promise.all(Array.from({ length: 20 }, (_, number) => outcome(`key-${number}`)));
      expect(new Set(outcomes)).toEqual(new Set(['unavailable']));
      expect(await outcome('key')).toBe('unavailable');
      expect(issuer.asked).toBe(round + 1);
      clock.advance(5_000);
    }
    expect(String(failures[0])).toContain(cause);
    issuer.answer = sends(await setOf('one'));
    expect(await outcome('one')).toBe('public');
  });

  test('does not affect tokens with known keys for an hour', async () => {
    const { issuer, clock, outcome, failures } = await given(sends(await setOf('one')));
    expect(await outcome('one')).toBe('public');
    issuer.answer = answer;
    for (let minute = 0; minute < 59; minute += 1) {
      clock.advance(60_000);
      expect(await outcome('one')).toBe('public');
    }
    // It may be new.
    expect(await outcome('two')).toBe('unavailable');
    expect(failures.length).toBeGreaterThan(0);
    clock.advance(60_000);
    expect(await outcome('one')).toBe('unavailable');
  });
});

/** Until nobody reads any more. */
function flood(response: ServerResponse): void {
  const piece = Buffer.alloc(65_536, ' ');
  const go = (): void => {
    while (!response.destroyed && response.write(piece));
    response.once('drain', go);
  };
  go();
}

test('a key set of shared secrets verifies no token', async () => {
  const { outcome } = await given(sends('{"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "one"}]}'));
  expect(await outcome('one')).toBe(noMatch);
});
