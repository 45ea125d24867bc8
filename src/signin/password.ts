/**
 * Passwords: which may be chosen, and how one is kept. What is stored can't be turned back into a password, and can't even be
 * tried against guesses without GATEWAY_SECRET: scrypt with a salt of its own, then a tag under a key of this company. Knows
 * no tables and no forms.
 */
import { scrypt } from "node:crypto";
import type { Sealer } from "../sealing.ts";
import { unicode } from "../unicode.ts";
import { COMMON_WORDS } from "./password-words.ts";

/** NIST SP 800-63B-4, 3.1.1.2, asks for 15 where a password stands alone and 8 beside a second factor; attempts are throttled hard here. */
export const PASSWORD_CHARS_MIN = 12;
/** Bounds what is hashed; a sentence fits. */
export const PASSWORD_CHARS_MAX = 128;
/** What must be left of a password when every common word, run of keys and part of the e-mail address is taken out. */
const OWN_CHARS_MIN = 8;
/** "aaaabbbbcccc" is twelve characters and three keys. */
const DIFFERENT_CHARS_MIN = 5;
/** Shorter parts of an address ("b", "de") stand in any password. */
const EMAIL_PART_CHARS_MIN = 4;
const BETWEEN_PARTS = unicode(String.raw`[^\p{L}\p{N}]+`);

interface Cost {
  /** log2 of scrypt's N; with r = 8, N = 2^15 takes 32 MiB and some 0.1 s. A Worker has 128 MiB and derives one at a time. */
  readonly n: number;
  readonly r: number;
  readonly p: number;
}

/** RFC 7914. May be raised: what was kept under another cost is verified under that, then kept anew at the next sign-in. */
const COST: Cost = { n: 15, r: 8, p: 1 };
const SALT_BYTES = 16;
const DERIVED_BYTES = 32;

export type PasswordFault = "too_short" | "too_long" | "too_easy";

/** Why a password can't be chosen; null when it can. No rules of composition: length is what counts. */
export function faultOf(password: string, email: string): PasswordFault | null {
  const text = password.normalize("NFC");
  const chars = [...text].length;
  if (chars < PASSWORD_CHARS_MIN) return "too_short";
  if (chars > PASSWORD_CHARS_MAX) return "too_long";
  const plain = [...text.normalize("NFKC").toLowerCase()].join("");
  if (new Set(plain).size < DIFFERENT_CHARS_MIN) return "too_easy";
  const parts = email.toLowerCase().split(BETWEEN_PARTS());
  const known = [...parts.filter((part) => part.length >= EMAIL_PART_CHARS_MIN), ...COMMON_WORDS];
  known.sort((a, b) => b.length - a.length);
  let own = plain;
  for (const word of known) own = own.replaceAll(word, "");
  // One space or dash more makes no password; what is left counts by letters and digits of its own.
  return [...own.replace(/[\s._-]+/g, "")].length < OWN_CHARS_MIN ? "too_easy" : null;
}

/** What to keep: `scrypt$n$r$p$salt$tag`. The tag names the user, so that a row moved to another user opens nothing. */
export async function hashPassword(
  sealer: Sealer,
  companyId: string,
  userId: string,
  password: string,
): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const tagged = await taggedText(userId, password, salt, COST);
  const tag = await sealer.tag("password", companyId, tagged);
  return ["scrypt", COST.n, COST.r, COST.p, Buffer.from(salt).toString("base64url"), tag].join("$");
}

/**
 * `outdated`: right, but kept under another cost or an older secret: keep it anew. With `kept` null (no such user, no
 * password) the answer is `wrong` after the same work.
 */
export async function verifyPassword(
  sealer: Sealer,
  companyId: string,
  userId: string,
  password: string,
  kept: string | null,
): Promise<"right" | "outdated" | "wrong"> {
  const { cost, salt, tag } = kept === null ? nobody() : readKept(kept);
  const tooLong = [...password].length > PASSWORD_CHARS_MAX;
  const tagged = await taggedText(userId, tooLong ? "" : password, salt, cost);
  const newest = await sealer.tag("password", companyId, tagged);
  const right = await sealer.verifyTag("password", companyId, tagged, tag);
  if (!right || kept === null || tooLong) return "wrong";
  const current = newest === tag && cost.n === COST.n && cost.r === COST.r && cost.p === COST.p;
  return current ? "right" : "outdated";
}

/** The same characters typed on another keyboard are the same password: Unicode NFC. */
async function taggedText(userId: string, password: string, salt: Uint8Array, cost: Cost): Promise<string> {
  const options = { N: 2 ** cost.n, r: cost.r, p: cost.p, maxmem: 2 * 128 * 2 ** cost.n * cost.r };
  const derived = await new Promise<Buffer>((resolve, reject) => {
    scrypt(password.normalize("NFC"), salt, DERIVED_BYTES, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
  return `${userId}\n${derived.toString("base64url")}`;
}

interface Kept {
  readonly cost: Cost;
  readonly salt: Uint8Array;
  readonly tag: string;
}

const KEPT = /^scrypt\$(\d{1,2})\$(\d{1,2})\$(\d{1,2})\$([\w-]{22})\$([\w-]{22})$/;

function readKept(text: string): Kept {
  const match = KEPT.exec(text);
  if (!match) throw new Error("a password was kept in an unknown form");
  const [, n, r, p, salt, tag] = match as unknown as [string, string, string, string, string, string];
  return { cost: { n: Number(n), r: Number(r), p: Number(p) }, salt: Buffer.from(salt, "base64url"), tag };
}

function nobody(): Kept {
  const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes));
  return { cost: COST, salt: random(SALT_BYTES), tag: Buffer.from(random(16)).toString("base64url") };
}
