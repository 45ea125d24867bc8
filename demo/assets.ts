/** What stands in the demo's asset library. */
import type { Scene } from "./pictures.ts";

export interface Asset {
  readonly id: number;
  readonly title: string;
  readonly place: string;
  readonly photographer: string;
  readonly taken: string;
  readonly licence: string;
  readonly scene: Scene;
}

const library = "Acme, all media, unlimited";
const editorial = "Editorial use only";

export const ASSETS: readonly Asset[] = [
  {
    id: 12,
    title: "First light over the ridge",
    place: "Upper Engadine",
    photographer: "I. Okafor",
    taken: "2026-02-14",
    licence: library,
    scene: {
      seed: 12,
      sky: ["#3f5f93", "#e3a48b", "#ffe3bd"],
      sun: { x: 0.13, y: 0.43, radius: 0.035, colour: "#fff3d6" },
      ridges: { far: "#c79a93", near: "#1d2536", count: 6, rough: 0.9, trees: true },
      horizon: 0.5,
    },
  },
  {
    id: 13,
    title: "Dunes at noon",
    place: "Erg Chebbi",
    photographer: "M. Tanaka",
    taken: "2025-11-03",
    licence: library,
    scene: {
      seed: 213,
      sky: ["#3a86c8", "#8fc1e3", "#f3dcb4"],
      sun: null,
      ridges: { far: "#e9b779", near: "#a85a2a", count: 5, rough: 0.12 },
      horizon: 0.48,
    },
  },
  {
    id: 14,
    title: "Polar night",
    place: "Tromsø",
    photographer: "Z. Brännström",
    taken: "2025-12-21",
    licence: editorial,
    scene: {
      seed: 41,
      sky: ["#070b1f", "#14264d", "#2f6f7d"],
      sun: { x: 0.24, y: 0.2, radius: 0.024, colour: "#f4f1dc" },
      ridges: { far: "#1c3a55", near: "#060a14", count: 4, rough: 0.8, trees: true },
      horizon: 0.6,
      stars: true,
    },
  },
  {
    id: 15,
    title: "Harvest haze",
    place: "Tuscany",
    photographer: "B. Simon",
    taken: "2026-07-30",
    licence: library,
    scene: {
      seed: 95,
      sky: ["#7fa8b8", "#f1d6a8", "#fbe6c0"],
      sun: { x: 0.3, y: 0.36, radius: 0.04, colour: "#fff8e0" },
      ridges: { far: "#cdb98a", near: "#3f4a24", count: 7, rough: 0.25, trees: true },
      horizon: 0.46,
    },
  },
  {
    id: 16,
    title: "Still water",
    place: "Loch Tay",
    photographer: "B. Simon",
    taken: "2026-04-09",
    licence: library,
    scene: {
      seed: 160,
      sky: ["#5b7c95", "#a9bcc2", "#e9e3d2"],
      sun: null,
      ridges: { far: "#8ea0a6", near: "#2b3a3d", count: 4, rough: 0.7 },
      horizon: 0.6,
      water: "#3c5560",
    },
  },
  {
    id: 17,
    title: "Blue hour at the lake",
    place: "Walensee",
    photographer: "B. Simon",
    taken: "2026-09-18",
    licence: library,
    scene: {
      seed: 17,
      sky: ["#1b2f5c", "#7a6fa3", "#f2b79a"],
      sun: { x: 0.62, y: 0.41, radius: 0.032, colour: "#ffe6c4" },
      ridges: { far: "#7d76a3", near: "#141b33", count: 5, rough: 0.85 },
      horizon: 0.62,
      water: "#1d2a4f",
    },
  },
  {
    id: 18,
    title: "After the storm",
    place: "Cape Wrath",
    photographer: "I. Okafor",
    taken: "2026-01-22",
    licence: editorial,
    scene: {
      seed: 318,
      sky: ["#2d3a44", "#6d7f86", "#d9d2b0"],
      sun: { x: 0.8, y: 0.37, radius: 0.026, colour: "#fffbe6" },
      ridges: { far: "#56676c", near: "#16201f", count: 3, rough: 0.8 },
      horizon: 0.6,
      water: "#22343a",
    },
  },
  {
    id: 19,
    title: "Lavender evening",
    place: "Valensole",
    photographer: "M. Tanaka",
    taken: "2026-06-27",
    licence: library,
    scene: {
      seed: 77,
      sky: ["#4b4a8f", "#d887a8", "#ffd2a8"],
      sun: { x: 0.5, y: 0.38, radius: 0.045, colour: "#fff0cf" },
      ridges: { far: "#b98bb6", near: "#33214d", count: 7, rough: 0.2 },
      horizon: 0.48,
    },
  },
  {
    id: 20,
    title: "High meadow",
    place: "Dolomites",
    photographer: "Z. Brännström",
    taken: "2026-08-11",
    licence: library,
    scene: {
      seed: 520,
      sky: ["#2f7fc1", "#9fd0ea", "#eaf4ee"],
      sun: null,
      ridges: { far: "#9fb9c4", near: "#2f5a2c", count: 6, rough: 1, trees: true },
      horizon: 0.36,
    },
  },
];

export function assetById(id: number): Asset | undefined {
  return ASSETS.find((asset) => asset.id === id);
}
