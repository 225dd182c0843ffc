/** Codes with which values begin (AMQP 1.0 §1.2, §1.6). */
export const code = {
  /** Begins a described value: its descriptor follows, then the value. */
  described: 0x00,
  null: 0x40,
  true: 0x41,
  false: 0x42,
  uint0: 0x43,
  ulong0: 0x44,
  list0: 0x45,
  smallUint: 0x52,
  smallUlong: 0x53,
  boolean: 0x56,
  uint: 0x70,
  ulong: 0x80,
  binary8: 0xa0,
  string8: 0xa1,
  symbol8: 0xa3,
  binary32: 0xb0,
  string32: 0xb1,
  symbol32: 0xb3,
  list8: 0xc0,
  list32: 0xd0,
} as const;
