/**
 * What gave way, or was not let in, because there was no place for it: a network connection that had not logged in (`pending`), a TLS handshake
 * that was not finished (`handshake`), a connection of a known device that did nothing (`idle`), one to the health server
 * (`health`).
 */
export type TurnedAwayCause = (typeof turnedAwayCauses)[number];

export const turnedAwayCauses = ['pending', 'handshake', 'idle', 'health'] as const;
