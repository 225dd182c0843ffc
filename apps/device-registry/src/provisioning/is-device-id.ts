/** Whether a device may have this id, as Hono's registry has it. */
export function isDeviceId(id: string): boolean {
  return id.length <= 256 && /^[a-zA-Z0-9\-_.:=]+$/.test(id);
}
