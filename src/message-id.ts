/**
 * IDs of the messages that this gateway sends. An ID proves by a tag that this gateway made it, for this company and this
 * kind of message, and says when: so an answer is recognised on any node though nothing was stored.
 */
import type { Sealer } from "./sealing.ts";

/** Kinds of requests; an ID of one is no ID of the other. */
export type RequestKind = "authn-request-id" | "test-request-id" | "logout-request-id";

/** What an ID of ours says about itself. */
export interface OwnMessage {
  readonly id: string;
  /** UTC milliseconds, whole seconds. */
  readonly issuedAt: number;
}

const RANDOM_BYTES = 16;
/** "_", 22 characters of randomness, 8 of time in hexadecimal seconds, 22 of tag. SAML Core 1.3.4: 128 random bits; an NCName never starts with a digit. */
const MESSAGE_ID = /^_([A-Za-z0-9_-]{22})([0-9a-f]{8})([A-Za-z0-9_-]{22})$/;

export async function makeMessageId(
  sealer: Sealer,
  kind: RequestKind,
  companyId: string,
  now: number,
): Promise<string> {
  const random = Buffer.from(crypto.getRandomValues(new Uint8Array(RANDOM_BYTES))).toString("base64url");
  const seconds = Math.floor(now / 1000);
  const body = random + seconds.toString(16).padStart(8, "0");
  return `_${body}${await sealer.tag(kind, companyId, body)}`;
}

/** Null for an ID that this gateway did not make for this company and this kind of message. */
export async function readMessageId(
  sealer: Sealer,
  kind: RequestKind,
  companyId: string,
  id: string,
): Promise<OwnMessage | null> {
  const match = MESSAGE_ID.exec(id);
  if (!match) return null;
  const [, random, time, tag] = match as unknown as [string, string, string, string];
  if (!(await sealer.verifyTag(kind, companyId, random + time, tag))) return null;
  return { id, issuedAt: Number.parseInt(time, 16) * 1000 };
}
