import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock, settled } from '@rollcall/conformance';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lookAtFiles } from './file-signature.ts';
import { followFiles, type Follower } from './follow-files.ts';

let folder = '';
let follower: Follower | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollcall-files-'));
});
afterEach(async () => {
  follower?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function given(againInMs?: number) {
  const files = ['tls.key', 'tls.crt'].map((name) => join(folder, name));
  await Promise.all(files.map((file) => writeFile(file, 'one')));
  const clock = new ManualClock();
  const first = await lookAtFiles(files);
  const reads: number[] = [];
  follower = followFiles({
    files,
    clock,
    read: first.status === 'seen' ? first.signature : '',
    seen: async () => {},
    unsettled() {},
    async readNow() {
      reads.push(clock.monotonic());
      if (againInMs !== undefined) return { againInMs };
      const now = await lookAtFiles(files);
      return { signature: now.status === 'seen' ? now.signature : '' };
    },
  });
  const over = async (): Promise<void> => {
    while (clock.armed === 0) await settled();
  };
  return {
    files: files as [string, string],
    clock,
    reads,
    follower,
    over,
    async look(times: number) {
      for (let i = 0; i < times; i++) {
        clock.advance(500);
        await over();
      }
    },
  };
}

test('files that belong together are read once, a second after the last of them changed', async () => {
  const { files, clock, reads, look } = await given();
  await writeFile(files[0], 'second');
  await look(2);
  await writeFile(files[1], 'second');
  const writtenAt = clock.monotonic();
  await look(6);
  expect(reads).toEqual([writtenAt + 1_500]);
});

test('files that did not change are not read', async () => {
  const { reads, look } = await given();
  await look(10);
  expect(reads).toEqual([]);
});

test('a link that is moved to another folder is one change of all files in it', async () => {
  const { files, reads, look } = await given();
  await Promise.all(files.map((file) => rm(file)));
  for (const version of ['..one', '..two']) {
    await mkdir(join(folder, version));
    for (const name of ['tls.key', 'tls.crt']) await writeFile(join(folder, version, name), version);
  }
  await symlink('..one', join(folder, '..data'));
  for (const name of ['tls.key', 'tls.crt']) await symlink(`..data/${name}`, join(folder, name));
  await look(5);
  expect(reads).toHaveLength(1);
  await symlink('..two', join(folder, '..data_tmp'));
  await rename(join(folder, '..data_tmp'), join(folder, '..data'));
  await look(5);
  expect(reads).toHaveLength(2);
});

test('lookNow() tries files at once that were to be tried again later', async () => {
  const { files, reads, look, follower: asked, over } = await given(60_000);
  await writeFile(files[0], 'second');
  await look(10);
  expect(reads).toHaveLength(1);
  asked.lookNow();
  await over();
  expect(reads).toHaveLength(2);
});
