import { crc32, deflateSync, inflateSync } from 'node:zlib';

const maxColors = 256;
const signature = Buffer.from('89504e470d0a1a0a', 'hex');

/**
 * The same picture with a table of 256 colors, which takes half the bytes: half of them are the most frequent ones,
 * the others those that are least like them. Each pixel has the nearest one.
 *
 * @param png as browsers write it: eight bits a channel, with or without transparency, which is left out, and not interlaced.
 */
export function indexedPng(png: Buffer): Buffer {
  const { width, height, pixels } = readPixels(png);
  const palette = paletteOf(pixels);
  const indexes = new Map(palette.map((color, index) => [color, index]));
  const lines = Buffer.alloc(height * (width + 1));
  for (const [at, color] of pixels.entries()) {
    const index = indexes.get(color) ?? nearest(color, palette);
    indexes.set(color, index);
    // Each line begins with its filter: none.
    lines[at + Math.floor(at / width) + 1] = index;
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(palette.flatMap(channels))),
    chunk('IDAT', deflateSync(lines, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue in one number each. */
  readonly pixels: Uint32Array;
}

function readPixels(png: Buffer): Pixels {
  const parts: Buffer[] = [];
  let header: Buffer = Buffer.alloc(0);
  for (let at = 8; at < png.length; at += png.readUInt32BE(at) + 12) {
    const body = png.subarray(at + 8, at + 8 + png.readUInt32BE(at));
    const type = png.toString('latin1', at + 4, at + 8);
    if (type === 'IHDR') header = body;
    if (type === 'IDAT') parts.push(body);
  }
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const bytes = header[9] === 6 ? 4 : 3;
  const lines = inflateSync(Buffer.concat(parts));
  const stride = width * bytes;
  const pixels = new Uint32Array(width * height);
  let above: Buffer = Buffer.alloc(stride);
  for (let y = 0; y < height; y += 1) {
    const begin = y * (stride + 1);
    const line = lines.subarray(begin + 1, begin + 1 + stride);
    unfilter(lines[begin] ?? 0, line, above, bytes);
    for (let x = 0; x < width; x += 1) pixels[y * width + x] = line.readUIntBE(x * bytes, 3);
    above = line;
  }
  return { width, height, pixels };
}

/** Undoes the filter of a line, in place (PNG, third edition, §9.2). */
function unfilter(filter: number, line: Buffer, above: Buffer, bytes: number): void {
  for (let at = 0; at < line.length; at += 1) {
    const left = line[at - bytes] ?? 0;
    const up = above[at] ?? 0;
    const predicted = [0, left, up, (left + up) >> 1, paeth(left, up, above[at - bytes] ?? 0)][filter] ?? 0;
    line[at] = (line[at] ?? 0) + predicted;
  }
}

function paeth(left: number, up: number, corner: number): number {
  const toLeft = Math.abs(up - corner);
  const toUp = Math.abs(left - corner);
  const toCorner = Math.abs(left + up - 2 * corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

function paletteOf(pixels: Uint32Array): readonly number[] {
  const counts = new Map<number, number>();
  for (const color of pixels) counts.set(color, (counts.get(color) ?? 0) + 1);
  const colors = [...counts].toSorted(([, one], [, other]) => other - one).map(([color]) => color);
  if (colors.length <= maxColors) return colors;
  const palette = colors.slice(0, maxColors / 2);
  const distances = colors.map((color) => Math.min(...palette.map((each) => distance(color, each))));
  while (palette.length < maxColors) {
    const next = colors[distances.indexOf(distances.reduce((one, other) => Math.max(one, other)))] ?? 0;
    palette.push(next);
    for (const [at, color] of colors.entries())
      distances[at] = Math.min(distances[at] ?? 0, distance(color, next));
  }
  return palette;
}

const channels = (color: number): readonly number[] => [color >> 16, (color >> 8) & 255, color & 255];

function distance(one: number, other: number): number {
  const [red = 0, green = 0, blue = 0] = channels(one);
  const [otherRed = 0, otherGreen = 0, otherBlue = 0] = channels(other);
  return (red - otherRed) ** 2 + (green - otherGreen) ** 2 + (blue - otherBlue) ** 2;
}

function nearest(color: number, palette: readonly number[]): number {
  const distances = palette.map((each) => distance(color, each));
  return distances.indexOf(Math.min(...distances));
}

function chunk(type: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const whole = Buffer.alloc(named.length + 8);
  whole.writeUInt32BE(body.length, 0);
  named.copy(whole, 4);
  whole.writeUInt32BE(crc32(named), named.length + 4);
  return whole;
}
