// What strangers wrote, for a log or a terminal.
export { isPrintable, printable, printableJson } from './printable.ts';
