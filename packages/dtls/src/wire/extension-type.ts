export const extensionType = {
  /** RFC 6066 §3. */
  serverName: 0,
  /** RFC 8422 §5.1. */
  supportedGroups: 10,
  pointFormats: 11,
  /** RFC 5246 §7.4.1.4.1. */
  signatureAlgorithms: 13,
  /** RFC 7366. */
  encryptThenMac: 22,
  /** RFC 7627. */
  extendedMasterSecret: 23,
  /** RFC 9146 §3. */
  connectionId: 54,
  /** RFC 5746. */
  renegotiationInfo: 0xff_01,
} as const;
