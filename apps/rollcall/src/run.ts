import { readFileSync } from 'node:fs';
import { guardConsole } from '@rollcall/adapter-kit';
import { bury } from './bury.ts';
import { parseCommand, usage } from './command-line.ts';
import { demo } from './demo.ts';
import { devices } from './devices.ts';
import { journal } from './journal.ts';
import { network } from './network.ts';
import { registry } from './registry.ts';
import { terminalLog } from './terminal-log.ts';
import { inOneLine, teller } from './terminal.ts';
import { tail } from './tail.ts';
import { up } from './up.ts';

guardConsole(terminalLog(teller(process.stderr)));
const parsed = parseCommand(process.argv.slice(2));

try {
  switch (parsed.command) {
    case 'up':
      process.exitCode = await up(parsed);
      break;
    case 'network':
      process.exitCode = await network(parsed);
      break;
    case 'tail':
      await tail(parsed);
      break;
    case 'devices':
      await devices(parsed);
      break;
    case 'demo':
      await demo(parsed);
      break;
    case 'journal':
      process.exitCode = await journal(parsed);
      break;
    case 'bury':
      process.exitCode = await bury(parsed);
      break;
    case 'registry':
      process.exitCode = await registry(parsed);
      break;
    case 'help':
      process.stdout.write(usage);
      break;
    case 'version':
      process.stdout.write(`${ownVersion()}\n`);
      break;
    case 'mistake':
      teller(process.stderr)(parsed.problem);
      process.stderr.write(`\n${usage}`);
      process.exitCode = 2;
      break;
    default:
      parsed satisfies never;
  }
} catch (error) {
  teller(process.stderr)(inOneLine(error));
  process.exitCode = 1;
}
// A child that is being watched, or a socket that lingers, must not keep a finished command alive.
process.exit();

function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}
