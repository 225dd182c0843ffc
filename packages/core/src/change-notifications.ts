/** Hears what is told to everybody about one topic. */
export interface NotificationListener {
  /** @param body as it was sent: text of unknown content. Absent: the message had none. */
  heard(body: Uint8Array | undefined): void;
  /** What is told from now on is heard, or is not. Whatever was told before the first call was not. */
  attachedChanged(attached: boolean): void;
}

/** Where other services tell everybody what changed, e.g. a device registry over a messaging network. Nothing of it is kept for later. */
export interface ChangeNotifications {
  /** @param topic e.g. `registry-device`. */
  listen(topic: string, listener: NotificationListener): void;
  close(): Promise<void>;
}
