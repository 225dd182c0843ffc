interface RawConnection {
  readonly remote_channel_map: Readonly<
    Record<
      number,
      { readonly remote: { readonly handles: Readonly<Record<number, { readonly credit: number }>> } }
    >
  >;
}

/** How many more messages a peer of rhea may send on a link; `undefined` where there is no such link. */
export function creditOfLink(connection: object, channel: number, handle: number): number | undefined {
  return (connection as RawConnection).remote_channel_map[channel]?.remote.handles[handle]?.credit;
}
