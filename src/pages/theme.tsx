/**
 * A company's own look: its logo beside its name, and its colour wherever text stays readable on it and it on the page. Whatever
 * the colour, every text keeps 4.5:1 and every edge 3:1 in both schemes (WCAG 2.2, 1.4.3 and 1.4.11).
 */
import type { FC } from "hono/jsx";
import { Mark } from "./doorway.tsx";

/** What pages show of a company. */
export interface Brand {
  readonly name: string;
  /** `#rrggbb`. */
  readonly color?: string | null;
  /** Lower-case hex; names the very picture, so that a browser may keep it. */
  readonly logoSha256?: string | null;
}

/** Drawn by the pages' own policy only where there is one: `img-src 'self'`. The name stands beside it, so it needs no words. */
export const BrandMark: FC<{ brand: Brand | null }> = ({ brand }) =>
  brand?.logoSha256 ? <img class="logo" src={`/sso/logo?v=${brand.logoSha256}`} alt="" height="28" /> : <Mark />;

/** A logo is made for paper: in the dark it keeps a piece of it. */
export const LOGO_STYLE = `
.logo{flex:none;display:block;width:auto;max-width:9rem;height:1.75rem;object-fit:contain}
@media (prefers-color-scheme:dark){.logo{padding:.125rem .25rem;border-radius:.375rem;background:#fff}}`;

/** Where text and edges of the accent's colour stand, in the visitor's pages and in the console. */
const GROUNDS = {
  light: ["#f6f4ef", "#efece4", "#fffdf9", "#e3eeea", "#fbe6e2"],
  dark: ["#14171a", "#1a1e22", "#1d302d"],
} as const;
const TEXT_CONTRAST = 4.5;
const EDGE_CONTRAST = 3;

const channels = (color: string) => [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));

/** Relative luminance (WCAG 2.2). */
function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = channels(color).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** From 1 to 21 (WCAG 2.2). */
export function contrast(one: string, other: string): number {
  const [high = 0, low = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

const darker = (color: string, share: number) =>
  `#${channels(color)
    .map((value) =>
      Math.round(value * share)
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;

/** Comes behind a style sheet whose buttons are filled with `--fill`; "" without a colour. */
export function themeStyle(color: string | null | undefined): string {
  if (!color || !/^#[0-9a-f]{6}$/.test(color)) return "";
  // One of the two always has 4.58:1 or more.
  const ink = contrast(color, "#000000") > contrast(color, "#ffffff") ? "#000" : "#fff";
  const doors = `--door:${color};--door-2:${darker(color, 0.88)};--seam:${darker(color, 0.6)};`;
  const fill = `--fill:${color};--fill-2:${color};--fill-ink:${ink};${doors}`;
  const schemes = Object.entries(GROUNDS).map(([scheme, grounds]) => {
    const least = Math.min(...grounds.map((ground) => contrast(color, ground)));
    const edge = `--fill-edge:${least >= EDGE_CONTRAST ? color : "var(--edge)"};`;
    const accent = least >= TEXT_CONTRAST ? `--accent:${color};--accent-2:${color};--focus:${color};` : "";
    return `@media (prefers-color-scheme:${scheme}){:root{${fill}${edge}${accent}}}`;
  });
  return `${schemes.join("")}.button:hover{text-decoration:underline}`;
}
