import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock, recordingLog, settled } from '@rollcall/conformance';
import { ConfigError } from '@rollcall/core';
import { createFollowedFiles } from '@rollcall/file-follower';
import { expect, onTestFinished, test } from 'vitest';
import { openTokenFiles } from './token-files.ts';

const names = {
  tenants: 'tenants',
  scope: 'scope',
  readScope: 'presence:read',
  adminScope: 'presence:admin',
};

function fileWith(...tokens: readonly string[]): string {
  const entries = tokens.map((token) => ({
    sha256: createHash('sha256').update(token).digest('hex'),
    tenants: ['acme'],
    scope: 'presence:read',
  }));
  return JSON.stringify({ tokens: entries });
}

function given(text: string) {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-tokens-'));
  const path = join(folder, 'tokens.json');
  writeFileSync(path, text);
  const clock = new ManualClock();
  const { lines, ...log } = recordingLog();
  const files = createFollowedFiles({ clock, log });
  onTestFinished(() => {
    files.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const open = () => openTokenFiles({ section: 'PRESENCE', keys: undefined, tokenFile: path, names, files });
  async function look(times: number): Promise<void> {
    for (let time = 0; time < times; time += 1) {
      clock.advance(500);
      while (clock.armed === 0) await settled();
    }
  }
  return { path, open, lines, look };
}

test('an added or removed token takes effect without a restart', async () => {
  const { path, open, look } = given(fileWith('one'));
  const { tokens } = open();
  expect([tokens()?.grantOf('one') !== undefined, tokens()?.grantOf('two')]).toEqual([true, undefined]);
  await look(4);
  writeFileSync(path, fileWith('two'));
  await look(20);
  expect([tokens()?.grantOf('one'), tokens()?.grantOf('two') !== undefined]).toEqual([undefined, true]);
});

test('a broken file is reported, and the earlier content stays in effect', async () => {
  const { path, open, look, lines } = given(fileWith('one'));
  const { tokens } = open();
  await look(4);
  writeFileSync(path, '{"tokens": [{"sha256": "');
  await look(40);
  expect(tokens()?.grantOf('one')).toBeDefined();
  expect(lines.map(({ message }) => message)).toEqual([
    'changed certificate or secret is not used, the old one stays in use',
  ]);
});

test('a file that cannot be used at the start is a configuration error that names the option', () => {
  const { open } = given('{}');
  expect(open).toThrow(ConfigError);
  expect(open).toThrow(/^ROLLCALL_PRESENCE_TOKENFILE: .*has no list of tokens/);
});
