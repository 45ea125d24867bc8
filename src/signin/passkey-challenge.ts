/**
 * Challenges of WebAuthn (Level 3, 13.4.3): 32 random bytes with their end and a tag by which this gateway knows its own, made
 * for one company, one use and one browser, which its cookie names. Nothing is kept until one is used, and tabs side by side
 * don't disturb each other.
 */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import type { RefusalCode } from "../failure.ts";
import type { Check } from "../saml/index.ts";
import { formNonce } from "./local-form.ts";

export const CHALLENGE_SECONDS = 300;
const CHALLENGE_BYTES = 32;
const SHAPE = /^(\d{1,16})\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{22})$/;

/** What it is for: signing anybody in, or adding a passkey to this user. */
export type ChallengeUse = "sign-in" | `add ${string}`;

/** base64url. Null where the browser was given no page of ours. */
export async function makeChallenge(c: Context<AppEnv>, use: ChallengeUse): Promise<string | null> {
  const { sealer, now } = c.get("services");
  const nonce = formNonce(c);
  if (nonce === null) return null;
  const random = Buffer.from(crypto.getRandomValues(new Uint8Array(CHALLENGE_BYTES))).toString("base64url");
  const text = `${now() + CHALLENGE_SECONDS * 1000}.${random}`;
  const tag = await sealer.tag("passkey", c.get("tenant").company.id, [use, nonce, text].join("\n"));
  return Buffer.from(`${text}.${tag}`).toString("base64url");
}

export type JudgedChallenge =
  | { readonly ok: true; readonly challenge: { readonly id: string; readonly expiresAt: number } }
  | { readonly ok: false; readonly code: RefusalCode; readonly check: Check };

/** Whether it is one of ours for this use and browser, in time. That it was not used before, the store decides. */
export async function judgeChallenge(
  c: Context<AppEnv>,
  use: ChallengeUse,
  challenge: string,
): Promise<JudgedChallenge> {
  const { sealer, now } = c.get("services");
  const refuse = (code: RefusalCode, expected: string, received: string) =>
    ({ ok: false, code, check: { name: "challenge", ok: false, expected, received } }) as const;
  const [, end = "", random = "", tag = ""] = SHAPE.exec(Buffer.from(challenge, "base64url").toString("latin1")) ?? [];
  const signed = [use, formNonce(c) ?? "", `${end}.${random}`].join("\n");
  if (!(await sealer.verifyTag("passkey", c.get("tenant").company.id, signed, tag))) {
    return refuse("passkey_challenge_invalid", "given to this browser by this company", "another one");
  }
  const expiresAt = Number(end);
  if (now() >= expiresAt) {
    const at = new Date(expiresAt).toISOString();
    return refuse("passkey_challenge_expired", `used within ${CHALLENGE_SECONDS} seconds`, `expired at ${at}`);
  }
  return { ok: true, challenge: { id: `passkey:${random}`, expiresAt } };
}
