import type rhea from 'rhea';

/** One link that receives from an address. */
export interface Consumption {
  /** The link may have room for messages now. */
  kick(): void;
  /** The link settled a delivery. @param keep whether the message waits again. */
  settled(delivery: rhea.Delivery, keep: boolean): void;
  /** Call it when the link is gone. */
  end(): void;
}
