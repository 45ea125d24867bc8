/**
 * The message under the scanner's eyes: its text, and the first thing that is wrong with it. Steps answer the position where
 * they stopped, or REFUSED.
 */
import type { SamlRefusalCode } from "./refusal.ts";
import type { MessageText } from "./xml-bytes.ts";

/** What a step answers instead of a position when it has refused. */
export const REFUSED = -1;

/** A node while it is being made. */
export type Draft<T> = { -readonly [K in keyof T]: T[K] };

export class XmlSource {
  readonly text: string;
  readonly units: Uint8Array;
  /** The units, four at a time. */
  readonly view: DataView;
  readonly length: number;
  /** The refusal, once there is one; its position is counted in UTF-16 units. */
  refusal: { readonly code: SamlRefusalCode; readonly expected: string; readonly position: number } | null = null;

  constructor(message: MessageText) {
    this.text = message.text;
    this.units = message.units;
    this.view = message.view;
    this.length = message.text.length;
  }

  refuse(code: SamlRefusalCode, position: number, expected: string): -1 {
    this.refusal = { code, expected, position };
    return REFUSED;
  }

  /** The same, for steps that answer something else than a position. */
  refused(code: SamlRefusalCode, position: number, expected: string): null {
    this.refuse(code, position, expected);
    return null;
  }

  /** Where `needle` stands next; the end of the text when it does not. Callers remember the answer, so that each stretch is searched once. */
  next(needle: string, from: number): number {
    const at = this.text.indexOf(needle, from);
    return at === -1 ? this.length : at;
  }
}
