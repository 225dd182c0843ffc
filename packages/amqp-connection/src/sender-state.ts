import type { Instant } from '@rollcall/core';
import type { Dialled } from './dial.ts';
import type { Outlet } from './message-account.ts';
import type { AttachRefused } from './send-outcome.ts';

/** One attach on one connection. */
export interface Attachment extends Outlet {
  readonly dialled: Dialled;
  /** The peer granted credit at least once: it accepts messages for this address in principle. */
  hadCredit: boolean;
}

/**
 * Where a sender link stands:
 *
 *     detached ───────── flush ─────────▶ attaching ── answered ──▶ open
 *     refused ── flush, 500 ms later ───▶ attaching
 *     attaching, open ── connection or session lost, detached by the peer ──▶ detached
 *     attaching, open ── detached before there was credit, not answered ────▶ refused
 *     any ── close ──▶ closed
 */
export type SenderState =
  /** Nothing was sent yet, or there is no connection. */
  | { readonly phase: 'detached' }
  /** The peer has until `openBy` to answer. */
  | { readonly phase: 'attaching'; readonly attachment: Attachment; readonly openBy: Instant }
  | { readonly phase: 'open'; readonly attachment: Attachment }
  /** The address is not attached again before `until`: messages that are handed in come back with `why`. */
  | { readonly phase: 'refused'; readonly why: AttachRefused; readonly until: Instant }
  | { readonly phase: 'closed' };
