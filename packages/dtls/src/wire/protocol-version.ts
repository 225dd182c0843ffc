/** DTLS 1.2 and 1.0, as they stand on the wire: the ones' complement of their numbers (RFC 6347 §4.1). */
export const dtls12 = 0xfe_fd;
export const dtls10 = 0xfe_ff;
