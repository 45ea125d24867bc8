/**
 * Owns the list of checks that a decision leaves behind: every check by name, in the order it was made, and the first
 * failure as the refusal. The names are part of what administrators see in their sign-in log.
 */
import type { Check, Result, SamlRefusal, SamlRefusalCode } from "./refusal.ts";

/** What a message says may be long and hostile; a log line keeps this much of it. */
export const CHECK_TEXT_CHARS_MAX = 512;

export class CheckList {
  readonly all: Check[] = [];
  /** The first failure; later ones stay visible in `all` only. */
  refusal: SamlRefusal | null = null;

  /** Writes one check down and says whether it held. */
  check(name: string, code: SamlRefusalCode, ok: boolean, expected: string | null, received: string | null): boolean {
    const check = { name, ok, expected: clip(expected), received: clip(received) };
    this.all.push(check);
    if (!ok) {
      this.refusal ??= {
        code,
        ...(check.expected === null ? {} : { expected: check.expected }),
        ...(check.received === null ? {} : { received: check.received }),
      };
    }
    return ok;
  }

  /** Writes down how a step ended; its value, or null when it refused. */
  settle<T extends object>(name: string, result: Result<T>, received: string | null = null): T | null {
    if (result.ok) {
      this.all.push({ name, ok: true, expected: null, received: clip(received) });
      return result.value;
    }
    const { refusal } = result;
    const clipped = { expected: clip(refusal.expected ?? null), received: clip(refusal.received ?? null) };
    this.all.push({ name, ok: false, ...clipped });
    this.refusal ??= {
      code: refusal.code,
      ...(clipped.expected === null ? {} : { expected: clipped.expected }),
      ...(clipped.received === null ? {} : { received: clipped.received }),
      ...(refusal.offset === undefined ? {} : { offset: refusal.offset }),
    };
    return null;
  }

  /** Takes over what another list found. */
  append(other: CheckList): void {
    this.all.push(...other.all);
    this.refusal ??= other.refusal;
  }
}

function clip(text: string | null): string | null {
  return text !== null && text.length > CHECK_TEXT_CHARS_MAX ? `${text.slice(0, CHECK_TEXT_CHARS_MAX)}…` : text;
}
