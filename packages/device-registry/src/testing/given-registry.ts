import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@rollcall/conformance';
import { silentLog, type Log } from '@rollcall/core/environment';
import { dump } from 'js-yaml';
import { onTestFinished } from 'vitest';
import { openLoadedRegistry } from '../file-registry.ts';
import { loadHere } from './load-here.ts';

export async function givenAFile(content: unknown, name = 'registry.yaml'): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'rollcall-registry-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, name);
  await writeFile(file, typeof content === 'string' ? content : dump(content));
  // The file has settled long ago.
  await utimes(file, 0, 0);
  return file;
}

export async function givenARegistry(content: unknown, log: Log = silentLog) {
  const file = await givenAFile(content);
  const clock = new ManualClock();
  const registry = await openLoadedRegistry(loadHere, { file, clock, log });
  onTestFinished(() => registry.close());
  return { file, clock, registry };
}
