// For Rollcall's other packages; it may change with any version.
export { type AddressRanges, addressRanges, parseAddressRanges } from './address-ranges.ts';
export { isSectionOfHono } from './hono-sections.ts';
export { problemText } from './option-problem.ts';
export type { Effective, ReadResult } from './read-options.ts';
export { moduleValues } from './option-module.ts';
export { optionsLike } from './option.ts';
