import { readFileSync } from 'node:fs';
import { guardConsole, libraryDebugProblems } from '@rollcall/adapter-process/internal';
import { spreadLastNet } from '@rollcall/containment';
import { ConfigError } from '@rollcall/core';
import { parseCommand } from './command-line/command-line.ts';
import { packageFolder } from './package-folder.ts';
import { endWithOutput, writtenOut } from './terminal/output.ts';
import { terminalLog } from './terminal/terminal-log.ts';
import { inLines, teller } from './terminal/terminal.ts';
import { usage } from './command-line/usage.ts';

const tell = teller(process.stderr);
const log = terminalLog(tell);
for (const output of [process.stdout, process.stderr])
  endWithOutput(output, output === process.stdout ? tell : () => {}, (status) => process.exit(status));
const hasNetwork =
  (process.env['ROLLCALL_MESSAGING_HOST'] ?? process.env['HONO_MESSAGING_HOST']) !== undefined;
const parsed = parseCommand(process.argv.slice(2), hasNetwork, process.env['ROLLCALL_PRESENCE_URL']);
const debugging = libraryDebugProblems(process.env);
if (debugging.length > 0) {
  for (const problem of debugging) tell(problem);
  process.exit(2);
}
guardConsole(log);
// The network spreads its own net. For people one line is enough, without a stack.
if (parsed.command !== 'network') spreadLastNet(log, () => {});

// Each command loads what it needs: half of what starting a short one costs would be the parts of others.
try {
  switch (parsed.command) {
    case 'up':
      process.exitCode = await (await import('./up/up.ts')).up(parsed);
      break;
    case 'network':
      process.exitCode = await (await import('./network/network.ts')).network(parsed);
      break;
    case 'tail':
      process.exitCode = await (await import('./events/tail.ts')).tail(parsed);
      break;
    case 'devices':
      process.exitCode = await (await import('./devices/devices.ts')).devices(parsed);
      break;
    case 'endings':
      process.exitCode = await (await import('./devices/endings.ts')).endings(parsed);
      break;
    case 'fleet':
      process.exitCode = await (await import('./fleet/fleet.ts')).fleet(parsed);
      break;
    case 'demo':
      await (await import('./up/demo.ts')).demo(parsed);
      break;
    case 'journal':
      process.exitCode = await (await import('./journal/journal.ts')).journal(parsed);
      break;
    case 'bury':
      process.exitCode = await (await import('./journal/bury.ts')).bury(parsed);
      break;
    case 'registry':
      process.exitCode = await (await import('./registry/registry.ts')).registry(parsed);
      break;
    case 'help':
      process.stdout.write(usage);
      break;
    case 'version':
      process.stdout.write(`${ownVersion()}\n`);
      break;
    case 'mistake':
      tell(parsed.problem);
      tell('rollcall --help says what there is');
      process.exitCode = 2;
      break;
    default:
      parsed satisfies never;
  }
} catch (error) {
  for (const line of inLines(error)) tell(line);
  process.exitCode = error instanceof ConfigError ? 2 : 1;
}
await Promise.all([process.stdout, process.stderr].map(writtenOut));
// A child process or an open socket must not keep a finished command alive.
process.exit();

function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('package.json', packageFolder), 'utf8')) as {
    version: string;
  };
  return version;
}
