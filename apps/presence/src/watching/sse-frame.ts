/** One event of a stream (HTML Living Standard §9.2). JSON has no line feed that would end its line. */
export function sseFrame(event: string, data: object, id?: string): string {
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}
