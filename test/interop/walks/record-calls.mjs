import { Session } from 'node:inspector';

// Loaded into a process under test: tells its parent which of our files had a function called between two messages.

const session = new Session();
session.connect();
session.post('Profiler.enable');

process.on('message', (message) => {
  if (message === 'record')
    session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false }, () =>
      process.send?.({ recording: true }),
    );
  if (message === 'recorded')
    session.post('Profiler.takePreciseCoverage', (_error, { result }) =>
      process.send?.({ files: result.filter(wasEntered).map(({ url }) => fileOf(url)) }),
    );
});
process.channel?.unref();

/** A script's first function is the module itself, which runs when it is loaded. */
function wasEntered({ url, functions }) {
  if (fileOf(url) === undefined) return false;
  return functions.some(({ functionName, ranges }, index) => {
    const isModule = index === 0 && functionName === '' && ranges[0]?.startOffset === 0;
    return !isModule && (ranges[0]?.count ?? 0) > 0;
  });
}

/** A source file of ours, as its package and its path in `src`. */
function fileOf(url) {
  const [, member, name] = /\/(?:apps|packages)\/([\w-]+)\/src\/((?:[\w-]+\/)*[\w-]+\.ts)$/.exec(url) ?? [];
  return member === undefined ? undefined : `${member}/${name}`;
}
