import { deviceRef, type DeviceRef } from '@rollcall/core';
import { badInput } from './problem.ts';
import { isStorable } from './query-reader.ts';

/** A registry decides which ids exist; real ids are much shorter. */
const maxLength = 1_024;

/** @throws Problem where no tenant or device can have this id. */
export function checkedName(field: string, value: unknown): string {
  if (typeof value !== 'string') throw badInput(field, 'must be a text');
  if (value === '') throw badInput(field, 'must not be empty');
  if (value.length > maxLength) throw badInput(field, `must have ${maxLength} characters at most`);
  if (!isStorable(value)) throw badInput(field, 'has characters that no id has');
  return value;
}

/** @throws Problem as {@link checkedName} does. */
export function checkedDevice(
  params: { readonly tenant: string; readonly device: string },
  fieldPrefix = '',
): DeviceRef {
  return deviceRef(
    checkedName(`${fieldPrefix}tenant`, params.tenant),
    checkedName(`${fieldPrefix}device`, params.device),
  );
}
