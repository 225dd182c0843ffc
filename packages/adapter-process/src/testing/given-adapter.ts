import { startScripted, type ScriptedInTest } from './start-scripted.ts';
import type { TestSetting } from './start-for-test.ts';

const running: ScriptedInTest[] = [];

export async function givenAnAdapter(setting: TestSetting = {}): Promise<ScriptedInTest> {
  const adapter = await startScripted(setting);
  running.push(adapter);
  return adapter;
}

/** Stops the adapters of a test. */
export async function stopAdapters(): Promise<void> {
  for (const adapter of running.splice(0)) await adapter.running.stop({ graceMs: 0 });
}
