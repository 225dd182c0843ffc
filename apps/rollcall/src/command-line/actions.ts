// Apart from what they do: which there are is known before any of it is loaded.

/** Of `rollcall journal`. */
export const journalActions = ['status', 'list', 'retry-parked', 'backup', 'discard'] as const;

/** Of `rollcall registry`. */
export const registryActions = [
  'check',
  'accept',
  'hash-password',
  'list',
  'show',
  'add',
  'remove',
  'import',
] as const;
