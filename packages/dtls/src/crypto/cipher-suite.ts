export type KeyExchange = 'psk' | 'ecdhe_psk' | 'ecdhe_ecdsa';

export interface CipherSuite {
  readonly id: number;
  readonly keyExchange: KeyExchange;
  readonly cipher: 'ccm' | 'gcm' | 'cbc';
  /** Of the authentication tag or, with CBC, of the MAC. */
  readonly tagBytes: 8 | 16 | 32;
}

const suites = {
  /** RFC 6655. */
  TLS_PSK_WITH_AES_128_CCM_8: { id: 0xc0_a8, keyExchange: 'psk', cipher: 'ccm', tagBytes: 8 },
  TLS_PSK_WITH_AES_128_CCM: { id: 0xc0_a4, keyExchange: 'psk', cipher: 'ccm', tagBytes: 16 },
  /** RFC 5487. */
  TLS_PSK_WITH_AES_128_GCM_SHA256: { id: 0x00_a8, keyExchange: 'psk', cipher: 'gcm', tagBytes: 16 },
  TLS_PSK_WITH_AES_128_CBC_SHA256: { id: 0x00_ae, keyExchange: 'psk', cipher: 'cbc', tagBytes: 32 },
  /** RFC 8442. */
  TLS_ECDHE_PSK_WITH_AES_128_CCM_8_SHA256: {
    id: 0xd0_03,
    keyExchange: 'ecdhe_psk',
    cipher: 'ccm',
    tagBytes: 8,
  },
  TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256: {
    id: 0xd0_05,
    keyExchange: 'ecdhe_psk',
    cipher: 'ccm',
    tagBytes: 16,
  },
  TLS_ECDHE_PSK_WITH_AES_128_GCM_SHA256: {
    id: 0xd0_01,
    keyExchange: 'ecdhe_psk',
    cipher: 'gcm',
    tagBytes: 16,
  },
  /** RFC 5489. */
  TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256: {
    id: 0xc0_37,
    keyExchange: 'ecdhe_psk',
    cipher: 'cbc',
    tagBytes: 32,
  },
  /** RFC 7251. */
  TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8: { id: 0xc0_ae, keyExchange: 'ecdhe_ecdsa', cipher: 'ccm', tagBytes: 8 },
  TLS_ECDHE_ECDSA_WITH_AES_128_CCM: { id: 0xc0_ac, keyExchange: 'ecdhe_ecdsa', cipher: 'ccm', tagBytes: 16 },
  /** RFC 5289. */
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: {
    id: 0xc0_2b,
    keyExchange: 'ecdhe_ecdsa',
    cipher: 'gcm',
    tagBytes: 16,
  },
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256: {
    id: 0xc0_23,
    keyExchange: 'ecdhe_ecdsa',
    cipher: 'cbc',
    tagBytes: 32,
  },
} as const satisfies Record<string, CipherSuite>;

/** The names that IANA has for them. */
export type CipherSuiteName = keyof typeof suites;

export const cipherSuites: Readonly<Record<CipherSuiteName, CipherSuite>> = suites;

export const cipherSuiteNames: readonly CipherSuiteName[] = Object.keys(suites) as CipherSuiteName[];
