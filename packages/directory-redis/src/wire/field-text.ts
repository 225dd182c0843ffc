import { createHash } from 'node:crypto';
import { deviceRef, type DeviceRef } from '@rollcall/core';

/** Longer ones would be kept in a table instead of a list, which takes half as much memory again. */
const longestField = 60;

/** A device in keys and records: one line, different for different devices. */
export function deviceName({ tenant, device }: DeviceRef): string {
  return `${escaped(tenant).replaceAll('/', '%2F')}/${escaped(device)}`;
}

/** The reverse of {@link deviceName}; `undefined`: the text is not such a name. */
export function deviceNamed(name: string): DeviceRef | undefined {
  const end = name.indexOf('/');
  if (end < 1 || end === name.length - 1) return undefined;
  return deviceRef(unescaped(name.slice(0, end)), unescaped(name.slice(end + 1)));
}

/** What a connection competes for. */
export interface Competition {
  readonly kind: 'session' | 'lease';
  /** Adapters of one type compete. */
  readonly adapterType: string;
  readonly slot: string | undefined;
}

/** The field of a device's hash that a connection competes for; without a slot it is one of its own. */
export function slotField({ kind, adapterType, slot }: Competition, shortConnection: string): string {
  if (slot === undefined) return `c${shortConnection}`;
  const field = `${kind === 'lease' ? 'l' : 's'}${escaped(adapterType)}:${escaped(slot)}`;
  if (field.length <= longestField) return field;
  return `${kind === 'lease' ? 'L' : 'S'}${createHash('sha256').update(field).digest('base64url')}`;
}

/** Escapes the characters that separate the parts of a record. */
function escaped(text: string): string {
  return text.includes('%') || text.includes('\n')
    ? text.replaceAll('%', '%25').replaceAll('\n', '%0A')
    : text;
}

function unescaped(text: string): string {
  return text.replaceAll('%0A', '\n').replaceAll('%2F', '/').replaceAll('%25', '%');
}
