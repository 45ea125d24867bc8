/**
 * The asset library's pictures: landscapes painted by code, so that the demo has real images and downloads none. Each is the same every time:
 * a seed, a palette and a few numbers. PNG by hand (W3C PNG 5, 10, 11), compressed by node:zlib.
 */
import { crc32, deflateSync } from "node:zlib";

type Colour = readonly [number, number, number];

export interface Scene {
  readonly seed: number;
  /** Sky from the top down to the horizon. */
  readonly sky: readonly [string, string, string];
  readonly sun: { readonly x: number; readonly y: number; readonly radius: number; readonly colour: string } | null;
  /** The farthest and the nearest ridge. */
  readonly ridges: {
    readonly far: string;
    readonly near: string;
    readonly count: number;
    readonly rough: number;
    readonly trees?: boolean;
  };
  /** Where land or water begins, as a part of the height. */
  readonly horizon: number;
  readonly water?: string;
  readonly stars?: boolean;
}

/** PNG bytes. */
export function paint(scene: Scene, width: number, height: number): Uint8Array {
  const canvas = new Canvas(width, height);
  paintSky(canvas, scene);
  if (scene.water !== undefined) paintWater(canvas, scene, scene.water);
  paintRidges(canvas, scene);
  return canvas.png();
}

class Canvas {
  readonly width: number;
  readonly height: number;
  readonly pixels: Float32Array;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.pixels = new Float32Array(width * height * 3);
  }

  blend(x: number, y: number, [r, g, b]: Colour, alpha: number): void {
    const at = (y * this.width + x) * 3;
    const p = this.pixels;
    p[at] = (p[at] ?? 0) * (1 - alpha) + r * alpha;
    p[at + 1] = (p[at + 1] ?? 0) * (1 - alpha) + g * alpha;
    p[at + 2] = (p[at + 2] ?? 0) * (1 - alpha) + b * alpha;
  }

  at(x: number, y: number): Colour {
    const at = (y * this.width + x) * 3;
    return [this.pixels[at] ?? 0, this.pixels[at + 1] ?? 0, this.pixels[at + 2] ?? 0];
  }

  /** Rows are filtered by "Sub" (PNG 9.2), which suits gradients; a little grain keeps them from banding. */
  png(): Uint8Array {
    const { width, height } = this;
    const grain = random(1);
    const rows = new Uint8Array(height * (width * 3 + 1));
    for (let y = 0, to = 0; y < height; y++) {
      rows[to++] = 1;
      const left = [0, 0, 0];
      for (let x = 0; x < width; x++) {
        const noise = grain() * 2 - 0.5;
        for (let c = 0; c < 3; c++) {
          const value = Math.max(0, Math.min(255, Math.floor((this.pixels[(y * width + x) * 3 + c] ?? 0) + noise)));
          rows[to++] = value - (left[c] ?? 0);
          left[c] = value;
        }
      }
    }
    const header = Buffer.alloc(13);
    header.writeUInt32BE(width, 0);
    header.writeUInt32BE(height, 4);
    header.set([8, 2, 0, 0, 0], 8);
    return Buffer.concat([
      Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
      chunk("IHDR", header),
      chunk("IDAT", deflateSync(rows)),
      chunk("IEND", Buffer.alloc(0)),
    ]);
  }
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

function paintSky(canvas: Canvas, scene: Scene): void {
  const [top, middle, low] = scene.sky.map(colour) as [Colour, Colour, Colour];
  const { width, height } = canvas;
  const horizon = scene.horizon * height;
  for (let y = 0; y < height; y++) {
    const t = Math.min(1, y / horizon);
    const shade = t < 0.55 ? mix(top, middle, t / 0.55) : mix(middle, low, (t - 0.55) / 0.45);
    for (let x = 0; x < width; x++) canvas.blend(x, y, shade, 1);
  }
  if (scene.stars) paintStars(canvas, scene.seed, horizon);
  if (scene.sun === null) return;
  const light = colour(scene.sun.colour);
  const [cx, cy, radius] = [scene.sun.x * width, scene.sun.y * height, scene.sun.radius * height];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const distance = Math.hypot(x - cx, y - cy);
      const glow = Math.exp(-distance / (radius * 4.5)) * 0.55;
      canvas.blend(x, y, light, Math.max(glow, Math.min(1, Math.max(0, radius - distance + 0.5))));
    }
  }
}

function paintStars(canvas: Canvas, seed: number, horizon: number): void {
  const next = random(seed + 77);
  const size = canvas.height / 800;
  for (let i = 0; i < 320; i++) {
    const [x, y, bright] = [next() * canvas.width, next() ** 1.4 * horizon, next() ** 2];
    const radius = Math.max(0.5, size * (0.5 + bright));
    for (let dy = -2; dy <= 2; dy++) {
      for (let dx = -2; dx <= 2; dx++) {
        const [px, py] = [Math.round(x) + dx, Math.round(y) + dy];
        if (px < 0 || py < 0 || px >= canvas.width) continue;
        const cover = Math.max(0, Math.min(1, radius - Math.hypot(dx, dy) + 0.5));
        canvas.blend(px, py, [255, 250, 240], cover * (0.25 + 0.75 * bright));
      }
    }
  }
}

/** The sky again, upside down, darker, drawn out into ripples; under the sun a road of light. */
function paintWater(canvas: Canvas, scene: Scene, tint: string): void {
  const { width, height } = canvas;
  const shore = Math.floor(scene.horizon * height);
  const wave = noise(scene.seed + 5);
  for (let y = shore; y < height; y++) {
    const depth = (y - shore) / (height - shore);
    const mirror = Math.max(0, Math.floor(shore - (y - shore) * 0.9));
    for (let x = 0; x < width; x++) {
      const ripple = wave((x / width) * (9 - 6 * depth) + y * 0.7, y * 0.31) - 0.5;
      const from = Math.max(0, Math.min(shore - 1, Math.floor(mirror + ripple * 40 * (height / 800))));
      canvas.blend(x, y, mix(canvas.at(x, from), colour(tint), 0.35 + 0.3 * depth), 1);
      if (scene.sun === null) continue;
      const away = Math.abs(x / width - scene.sun.x) / (0.02 + 0.1 * depth);
      const glitter = Math.max(0, 1 - away) * Math.max(0, ripple * 3.2);
      canvas.blend(x, y, colour(scene.sun.colour), Math.min(0.85, glitter));
    }
  }
}

function paintRidges(canvas: Canvas, scene: Scene): void {
  const { width, height } = canvas;
  const { count, rough, far, near, trees } = scene.ridges;
  const ground = scene.water === undefined ? 1 : scene.horizon;
  for (let layer = 0; layer < count; layer++) {
    const depth = count === 1 ? 1 : layer / (count - 1);
    const shade = mix(colour(far), colour(near), depth ** 1.2);
    const shape = noise(scene.seed + layer * 31);
    const base =
      scene.water === undefined
        ? scene.horizon + (1 - scene.horizon) * (0.04 + depth * 0.72)
        : scene.horizon - 0.005 - (1 - depth) * 0.03;
    const tall = 0.45 + rough * 1.1;
    const swing = tall * (scene.water === undefined ? 0.11 + 0.13 * (1 - depth) : 0.34 * (1 - depth * 0.8));
    for (let x = 0; x < width; x++) {
      const u = x / width;
      let crest = base - swing * (fractal(shape, u * (2.2 + depth * 1.6), rough) - 0.28);
      if (trees && layer === count - 1) crest -= firs(shape, u) * 0.055;
      crest *= height;
      const end = Math.floor(ground * height);
      for (let y = Math.max(0, Math.floor(crest)); y < end; y++) {
        const mist = 0.3 * (1 - depth) * Math.min(1, (y - crest) / (height * 0.16));
        canvas.blend(
          x,
          y,
          mix(shade, colour(scene.sky[2]), Math.max(0, mist)),
          Math.min(1, Math.max(0, y - crest + 1)),
        );
      }
    }
  }
}

function fractal(shape: (x: number, y: number) => number, at: number, rough: number): number {
  let [sum, weight, total] = [0, 1, 0];
  for (let octave = 0, scale = 1; octave < 7; octave++, scale *= 2.03) {
    sum += shape(at * scale, octave * 7.7) * weight;
    total += weight;
    weight *= 0.3 + 0.22 * rough;
  }
  return sum / total;
}

/** The heights of a row of firs, 0 to 1. */
function firs(shape: (x: number, y: number) => number, u: number): number {
  let tallest = 0;
  for (const [density, offset] of [
    [46, 0.13],
    [71, 0.57],
  ] as const) {
    const cell = Math.floor(u * density + offset);
    const inside = u * density + offset - cell;
    const tall = 0.35 + 0.65 * shape(cell * 1.7, offset * 90);
    tallest = Math.max(tallest, tall * Math.max(0, 1 - Math.abs(inside - 0.5) * 2.6));
  }
  return tallest;
}

function colour(hex: string): Colour {
  const n = Number.parseInt(hex.slice(1), 16);
  return [(n >> 16) & 255, (n >> 8) & 255, n & 255];
}

function mix(a: Colour, b: Colour, t: number): Colour {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];
}

/** Numbers from 0 to 1, the same for the same seed. */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Smooth value noise over a plane, 0 to 1. */
function noise(seed: number): (x: number, y: number) => number {
  const corner = (x: number, y: number) => {
    let h = Math.imul(x, 374_761_393) + Math.imul(y, 668_265_263) + Math.imul(seed, 1_274_126_177);
    h = Math.imul(h ^ (h >>> 13), 1_274_126_177);
    return ((h ^ (h >>> 16)) >>> 0) / 4_294_967_296;
  };
  const ease = (t: number) => t * t * (3 - 2 * t);
  return (x, y) => {
    const [ix, iy] = [Math.floor(x), Math.floor(y)];
    const [tx, ty] = [ease(x - ix), ease(y - iy)];
    const upper = corner(ix, iy) + (corner(ix + 1, iy) - corner(ix, iy)) * tx;
    const lower = corner(ix, iy + 1) + (corner(ix + 1, iy + 1) - corner(ix, iy + 1)) * tx;
    return upper + (lower - upper) * ty;
  };
}
