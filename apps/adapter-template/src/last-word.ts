/** As it stands between two line feeds. */
const lastWord = '\nbye\n';

/**
 * Hears a device say goodbye in what arrives, in whatever pieces: its commands before that may still wait for their turn.
 *
 * @returns takes what arrives; says whether the device has said goodbye by now.
 */
export function createLastWord(): (bytes: Uint8Array) => boolean {
  let said = false;
  let tail = '\n';
  return (bytes) => {
    if (said) return true;
    const text = tail + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    said = text.includes(lastWord);
    tail = text.slice(1 - lastWord.length);
    return said;
  };
}
