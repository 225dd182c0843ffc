/** What a record holds (RFC 5246 §6.2.1, RFC 9146 §4). */
export const contentType = {
  changeCipherSpec: 20,
  alert: 21,
  handshake: 22,
  applicationData: 23,
  tls12Cid: 25,
} as const;
