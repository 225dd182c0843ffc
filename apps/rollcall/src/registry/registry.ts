import { ConfigError } from '@rollcall/core';
import type { NetworkName } from '@rollcall/amqp-sender';
import { tenantRules } from '@rollcall/amqp-sender/internal';
import { acceptRegistry, checkRegistry, hashPassword } from '@rollcall/device-registry';
import { storedRegistry, type StoredRegistryCommand } from './stored-registry.ts';
import { registryCheckText } from './registry-check-text.ts';
import { teller } from '../terminal/terminal.ts';

export type RegistryCommand =
  | {
      readonly action: 'check';
      readonly file: string;
      readonly served: string | undefined;
      readonly network: NetworkName;
    }
  | { readonly action: 'accept'; readonly file: string; readonly network: NetworkName }
  | { readonly action: 'hash-password'; readonly bcryptCost: number | undefined }
  | StoredRegistryCommand;

/**
 * `rollcall registry`: checks and accepts a registry file before an adapter loads it, makes secrets for it, and looks into a registry and
 * changes it. Resolves with the exit status.
 */
export async function registry(command: RegistryCommand): Promise<number> {
  const tell = teller(process.stdout);
  switch (command.action) {
    case 'check': {
      const check = checkRegistry(command.file, command.served, tenantRules({ name: command.network }));
      for (const line of registryCheckText(check)) tell(line);
      return check.status === 'valid' ? 0 : 1;
    }
    case 'accept': {
      const { digest, leftIn } = await acceptRegistry(command.file, tenantRules({ name: command.network }));
      tell(`${digest}  left in ${leftIn}`);
      return 0;
    }
    case 'hash-password': {
      const hashed = await hashPassword(await firstLine(process.stdin), command.bcryptCost);
      // A secret of a registry file, in YAML and in JSON.
      tell(JSON.stringify(hashed));
      return 0;
    }
    default:
      return storedRegistry(command, {
        env: process.env,
        tell,
        password: () => firstLine(process.stdin),
      });
  }
}

/** Longer passwords are refused anyway. */
const maxLength = 10_000;

/** The text before the first line feed, which a person or `echo` added. */
async function firstLine(input: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of input) {
    parts.push(part);
    length += part.length;
    if (part.includes(0x0a) || length > maxLength) break;
  }
  return textOf(Buffer.concat(parts)).replace(/\r?\n.*$/s, '');
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new ConfigError(['the password is not text in UTF-8: no device could present it']);
  }
}
