import type { RawLink } from './raw.ts';

/** Messages are settled as the peer asks for: clients give up a link on which they may not (AMQP 1.0 §2.8.2, §2.8.3). */
export function echoSettleModes({
  local,
  snd_settle_mode: sender,
  rcv_settle_mode: receiver,
}: RawLink): void {
  if (sender === 0 || sender === 1 || sender === 2) local.attach.snd_settle_mode = sender;
  if (receiver === 0 || receiver === 1) local.attach.rcv_settle_mode = receiver;
}
