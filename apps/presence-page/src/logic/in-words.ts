import type { Basis, Ending, WasConnected } from './answers.ts';

const reasons: Readonly<Record<string, string>> = {
  'client-closed': 'said goodbye',
  'keepalive-timeout': 'fell silent beyond its keep-alive',
  'connection-lost': 'lost its network connection',
  inactive: 'was not heard from in time',
  'probe-failed': 'did not answer a probe',
  'taken-over': 'connected again elsewhere',
  'protocol-error': 'broke the protocol',
  'credentials-expired': 'its credentials expired',
  'access-revoked': 'its access was revoked',
  'limit-exceeded': 'exceeded a limit',
  'upload-refused': 'had an upload refused',
  'adapter-shutdown': 'its adapter was stopped',
  'adapter-lost': 'its adapter died',
  buried: 'its adapter was declared dead',
  unspecified: 'left for another reason',
};

/** Why a connection ended, as the rest of a sentence about its device. Later versions have more reasons: those stand as they came. */
export function reasonInWords(reason: string): string {
  return reasons[reason] ?? reason.replaceAll('-', ' ');
}

/** A length of time for people: `45 s`, `3 min`, `2 h 5 min`, `3 d`. @param ms milliseconds, not negative. */
export function durationInWords(ms: number): string {
  if (ms < 950) return `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 100) return `${ms < 9_950 ? (ms / 1_000).toFixed(1).replace('.0', '') : seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d`;
}

/** How it is known that a device is there, and how late its silence would be noticed. */
export function basisInWords(basis: Basis): string {
  const within = basis['detect-within-ms'];
  const noticed =
    within === null ? 'silence may go unnoticed' : `silence is noticed within ${durationInWords(within)}`;
  return basis.kind === 'session'
    ? `an open connection; ${noticed}`
    : `a request at least every ${durationInWords(basis['interval-ms'] ?? within ?? 0)}; ${noticed}`;
}

/** How sure the time of an end is. */
export function certaintyInWords(ending: Pick<Ending, 'uncertainty-ms'>): string {
  const ms = ending['uncertainty-ms'];
  return ms === 0 ? 'known exactly' : `up to ${durationInWords(ms)} before`;
}

const becauses: Readonly<Record<NonNullable<WasConnected['because']>, string>> = {
  'left-between': 'It left in this time. When exactly, its adapter could not see.',
  'not-noticed-yet':
    'It is connected as far as is known, and may have left so lately that its silence was not noticed yet.',
  silent: 'Its adapter reports nothing of the connection any more.',
  'not-covered': 'The service did not follow the events then, or keeps them no more.',
  'not-read-yet': 'The service has not read the events of that time yet, or it is to come.',
};

export function becauseInWords(because: WasConnected['because']): string {
  return because === undefined ? '' : becauses[because];
}
