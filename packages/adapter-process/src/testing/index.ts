export { accessChangesOf, setFirstSecret } from './access-changes.ts';
export { type AdapterInTest, type TestSetting, startForTest } from './start-for-test.ts';
