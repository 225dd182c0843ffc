// Names the tests that failed, as the last lines of `npm test`: what the parts print while they run stands far above.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Of a message that is longer, the beginning says what was expected. */
const linesOfAMessage = 12;

/**
 * @typedef {{ status: string, fullName: string, failureMessages: readonly string[] }} Assertion
 * @typedef {{ name: string, status: string, message: string, assertionResults: readonly Assertion[] }} TestFile
 * @param {readonly TestFile[]} testFiles as Vitest's `json` reporter writes them
 * @param {string} root that the names of files begin with
 * @returns {string[]} for each test that failed its file, its name and what it said; for a file that could not run, why
 */
export function failedTests(testFiles, root) {
  return testFiles.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(root, name);
    const failed = assertionResults.filter((assertion) => assertion.status === 'failed');
    if (failed.length === 0) return status === 'failed' ? [`FAILED ${file}`, ...beginning(message)] : [];
    return failed.flatMap(({ fullName, failureMessages }) =>
      [`FAILED ${file} > ${fullName}`].concat(failureMessages.flatMap(beginning)),
    );
  });
}

/** @param {string} message */
function beginning(message) {
  return message
    .split('\n')
    .slice(0, linesOfAMessage)
    .map((line) => `    ${line}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const folder = join(root, 'node_modules/.cache/tests');
  const files = existsSync(folder) ? readdirSync(folder) : [];
  const lines = files.flatMap((file) =>
    failedTests(JSON.parse(readFileSync(join(folder, file), 'utf8')).testResults, root),
  );
  console.error(
    lines.length > 0 ? lines.join('\n') : 'No test failed: the part that failed says why, above.',
  );
  rmSync(folder, { recursive: true, force: true });
  process.exitCode = 1;
}
