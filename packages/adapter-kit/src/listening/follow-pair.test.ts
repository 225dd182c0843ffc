import { createPrivateKey } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock, settled } from '@rollcall/conformance';
import { createCertificateAuthority, type IssuedCertificate } from '@rollcall/conformance/certificates';
import { silentLog, type Log } from '@rollcall/core/environment';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { followPair } from './follow-pair.ts';
import { createFollowedFiles, type FollowedFiles } from '@rollcall/file-follower';
import type { PemPair } from '@rollcall/file-follower/pem';

const authority = createCertificateAuthority('CN=CA');
const issue = (notAfter?: number, notBefore?: number): IssuedCertificate =>
  authority.issue({
    subject: 'CN=localhost',
    ...(notAfter !== undefined && { notAfter }),
    ...(notBefore !== undefined && { notBefore }),
  });

let folder = '';
let files: FollowedFiles;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollcall-pairs-'));
});
afterEach(async () => {
  files.stop();
  await rm(folder, { recursive: true, force: true });
});

async function given(first = issue()) {
  const paths = { key: join(folder, 'tls.key'), cert: join(folder, 'tls.crt') };
  const write = async ({ key, cert }: Partial<PemPair>): Promise<void> => {
    if (key !== undefined) await writeFile(paths.key, key);
    if (cert !== undefined) await writeFile(paths.cert, cert);
  };
  await write(first);
  const clock = new ManualClock();
  const lines: string[] = [];
  const note = (facts: object, message: string): void => {
    lines.push('problem' in facts ? `${message}: ${String(facts.problem)}` : message);
  };
  const log: Log = { ...silentLog, error: note, info: note };
  files = createFollowedFiles({ clock, log });
  const used: string[] = [];
  const listener = { host: '127.0.0.1', port: 0, key: first.key, cert: first.cert, files: paths };
  followPair('mqtts', listener, { clock, followFiles: files.follow }, ({ cert }) => used.push(cert));
  return {
    write,
    paths,
    clock,
    lines,
    used,
    async look(times: number) {
      for (let i = 0; i < times; i++) {
        clock.advance(500);
        while (clock.armed === 0) await settled();
      }
    },
  };
}

const notUsed = 'changed certificate or secret is not used, the old one stays in use';
const inUse = 'new certificate or secret is in use; open connections stay';

test('a new pair is in use within 10 s, and its end is known', async () => {
  const { write, look, used, lines } = await given();
  const next = issue(Date.parse('2031-01-01T00:00:00Z'));
  await look(4);
  await write(next);
  await look(20);
  expect(used).toEqual([next.cert]);
  expect(lines).toEqual([inUse]);
  expect(files.states()).toEqual([
    { name: 'mqtts', current: true, expiresAt: Date.parse('2031-01-01T00:00:00Z') },
  ]);
});

test('a key that is written some time before its certificate is nothing to tell of', async () => {
  const { write, look, used, lines } = await given();
  const next = issue();
  await look(4);
  await write({ key: next.key });
  await look(4);
  await write({ cert: next.cert });
  await look(20);
  expect(used).toEqual([next.cert]);
  expect(lines).toEqual([inUse]);
});

const half = issue();
const withPassphrase = (form: { readonly type: 'pkcs8' | 'sec1' }): string =>
  createPrivateKey(half.key)
    .export({ ...form, format: 'pem', cipher: 'aes-256-cbc', passphrase: 'p' })
    .toString();
test.each<[string, Partial<PemPair>, RegExp]>([
  ['does not match', { key: issue().key }, /the key is not that of the first certificate/],
  ['is written half', { ...half, cert: half.cert.slice(0, 200) }, /a certificate is cut off/],
  ['has a chain that is cut off', { ...half, cert: half.cert + authority.cert.slice(0, 200) }, /cut off/],
  ['has a broken key', { ...half, key: half.key.slice(0, 100) }, /the key cannot be read/],
  ['is empty', { key: '', cert: '' }, /no certificate/],
  ['is not PEM', { ...half, cert: 'MIIB' }, /no certificate in the file, or it is not PEM/],
  ['has no key', { ...half, key: half.cert }, /no private key in the file, or it is not PEM/],
  ['has a key with a passphrase', { ...half, key: withPassphrase({ type: 'pkcs8' }) }, /has a passphrase/],
  [
    'has a key with a passphrase, in the older form',
    { ...half, key: withPassphrase({ type: 'sec1' }) },
    /has a passphrase/,
  ],
  ['has expired', issue(Date.parse('2025-01-01T00:00:00Z')), /has expired/],
  ['is not valid yet', issue(undefined, Date.parse('2030-01-01T00:00:00Z')), /is not valid before/],
])('a pair that %s is one line, and the old one stays; a good one ends it', async (_what, pair, problem) => {
  const { write, look, used, lines } = await given();
  await look(4);
  await write(pair);
  await look(24);
  expect(used).toEqual([]);
  expect(lines).toEqual([expect.stringMatching(problem)]);
  expect(lines[0]).toContain(notUsed);
  expect(files.states()).toMatchObject([{ current: false }]);
  const good = issue();
  await write(good);
  await look(20);
  expect(used).toEqual([good.cert]);
  expect(lines.slice(1)).toEqual([inUse]);
  expect(files.states()).toMatchObject([{ current: true }]);
});

test('files that are away are logged once, and once more when they are back as they were', async () => {
  const first = issue();
  const { write, paths, look, used, lines } = await given(first);
  await look(4);
  await rm(paths.cert);
  await look(40);
  expect(lines).toEqual([`${notUsed}: ${paths.cert}: cannot be read (ENOENT)`]);
  await write(first);
  await look(20);
  expect(used).toEqual([]);
  expect(lines.slice(1)).toEqual(['what is in the files is in use again']);
  expect(files.states()).toMatchObject([{ current: true }]);
});

test('a certificate that expires while it is in use is logged once', async () => {
  const { look, lines, clock } = await given(issue(Date.parse('2026-01-01T12:00:10Z')));
  await look(2);
  expect(files.states()).toMatchObject([{ current: true }]);
  clock.advance(10_000);
  while (clock.armed === 0) await settled();
  await look(20);
  expect(lines).toEqual(['the certificate in use has expired']);
  expect(files.states()).toMatchObject([{ current: false }]);
});
