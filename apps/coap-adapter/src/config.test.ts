import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeEnvironment } from '@rollcall/adapter-conformance';
import { amqp } from '@rollcall/amqp-sender';
import { amqpRegistry } from '@rollcall/device-registry-amqp';
import { redis } from '@rollcall/directory-redis';
import { createCertificateAuthority } from '@rollcall/conformance/certificates';
import { ConfigError } from '@rollcall/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { coapAdapterOptions, coapOptions, loadCoapConfig } from './config.ts';

const required = { ROLLCALL_REGISTRY_FILE: 'registry.yaml', ROLLCALL_MESSAGING_HOST: '127.0.0.1' };

function problemsOf(load: () => unknown): readonly string[] {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
  }
  return [];
}

describe('the configuration', () => {
  test('the configuration of Hono’s adapter is read from its variables', () => {
    const { own } = loadCoapConfig(
      {
        ...required,
        HONO_COAP_BINDADDRESS: '0.0.0.0',
        HONO_COAP_TIMEOUTTOACK: '-1',
        HONO_COAP_DTLSRETRANSMISSIONTIMEOUT: '1500',
        HONO_COAP_INSECUREPORTENABLED: 'true',
        HONO_COAP_AUTHENTICATIONREQUIRED: 'false',
      },
      [amqp],
    );
    expect(coapAdapterOptions(own)).toMatchObject({
      secure: { host: '0.0.0.0', port: 5_684 },
      plain: { host: '127.0.0.1', port: 5_683 },
      authenticationRequired: false,
      ackAfterMs: -1,
      handshakeRetransmitMs: 1_500,
    });
  });

  test('without variables, devices with pre-shared keys are served, and no other port is open', () => {
    const options = coapAdapterOptions(loadCoapConfig(required, [amqp]).own);
    expect(options.secure).toEqual({ host: '127.0.0.1', port: 5_684 });
    expect(options.plain).toBeUndefined();
    expect(options.probe).toBe(false);
  });

  test('a wrong configuration is refused with all that is wrong', () => {
    expect(
      problemsOf(() =>
        loadCoapConfig(
          {
            ...required,
            ROLLCALL_COAP_TIMEOUTTOACK: '-2',
            ROLLCALL_COAP_CONNECTIONIDLENGTH: '2',
            ROLLCALL_COAP_KEYPATH: 'key.pem',
          },
          [amqp],
        ),
      ),
    ).toEqual([
      'ROLLCALL_COAP_TIMEOUTTOACK: must be a whole number from -1 to 90000',
      'ROLLCALL_COAP_KEYPATH and ROLLCALL_COAP_CERTPATH: set both or neither',
      'ROLLCALL_COAP_CONNECTIONIDLENGTH: must be 0, or 4 at least',
    ]);
  });
});

describe('key and certificate', () => {
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'rollcall-coap-config-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  function optionsWith(key: string, certificates: string) {
    const file = (name: string, text: string): string => {
      writeFileSync(join(directory, name), text);
      return join(directory, name);
    };
    const { own } = loadCoapConfig(
      {
        ...required,
        ROLLCALL_COAP_KEYPATH: file('key.pem', key),
        ROLLCALL_COAP_CERTPATH: file('cert.pem', certificates),
      },
      [amqp],
    );
    return coapAdapterOptions(own);
  }

  const authority = createCertificateAuthority('CN=ca,O=acme');
  const server = authority.issue({ subject: 'CN=localhost' });
  const { privateKey: rsaKey } = generateKeyPairSync('rsa', {
    modulusLength: 2_048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });

  test('key and certificate are read with the whole chain', () => {
    const { certificate } = optionsWith(server.key, `${server.cert}${authority.cert}`).secure;
    expect(certificate?.chain).toEqual([Buffer.from(server.der), Buffer.from(authority.der)]);
  });

  test.each([
    ['are not of each other', authority.key, server.cert, 'the key is not that of the first certificate'],
    ['are of RSA', rsaKey, server.cert, 'must be an ECDSA key on the curve P-256 or P-384'],
    ['are none', 'nonsense', server.cert, 'key.pem'],
  ])('key and certificate that %s are refused', (_what, key, cert, problem) => {
    expect(problemsOf(() => optionsWith(key, cert))).toEqual([expect.stringContaining(problem)]);
  });
});

describeEnvironment(new URL('../README.md', import.meta.url), coapOptions, [amqp, redis, amqpRegistry]);
