/**
 * The proof that a form is one of ours: a token sealed to the session that it was made for. It stands in the form and not in a
 * cookie or in the Origin header, so that it holds behind a proxy that serves our pages under another host (Defender's `.mcas.ms`).
 */
import type { Sealer } from "../sealing.ts";

export const TOKEN_FIELD = "form_token";

/** Whose form it is. */
export interface FormOwner {
  readonly id: string;
  readonly userId: string;
}

export function makeFormToken(sealer: Sealer, companyId: string, session: FormOwner): Promise<string> {
  return sealer.seal("csrf", companyId, JSON.stringify([session.id, session.userId]));
}

/**
 * `own`: made for this session. `earlier`: made for an earlier session of the same person, who signed in again meanwhile: the
 * form is shown once more, as typed. `foreign`: anything else.
 */
export async function judgeFormToken(
  sealer: Sealer,
  companyId: string,
  session: FormOwner,
  token: string,
): Promise<"own" | "earlier" | "foreign"> {
  const text = await sealer.open("csrf", companyId, token);
  if (text === null) return "foreign";
  const [sessionId, userId] = JSON.parse(text) as [string, string];
  if (sessionId === session.id) return "own";
  return userId === session.userId ? "earlier" : "foreign";
}

/** Fetch Metadata: our forms are posted by our own pages. Browsers that say nothing are held to the token alone. */
export function isFromElsewhere(request: Request): boolean {
  const site = request.headers.get("sec-fetch-site");
  return site !== null && site !== "same-origin" && site !== "none";
}
