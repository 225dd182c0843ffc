import { ManualClock } from '@rollcall/conformance';
import { describeDirectory } from '@rollcall/conformance/fleet';
import { createLocalDirectory } from './local-directory.ts';

describeDirectory('the local directory', async () => {
  const clock = new ManualClock();
  return {
    create: (context) => Promise.resolve(createLocalDirectory(context)),
    clock,
    pass: (ms) => clock.advanceAsync(ms),
  };
});
