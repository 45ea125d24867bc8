/**
 * What the sign-in log keeps of the message at hand. Of a refused one its structure with all values struck out; the checks of an
 * accepted one say as much. Where the company says so, of both, and whole as well, sealed.
 */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { redactMessage } from "../saml/index.ts";
import type { NewSignIn } from "../store/index.ts";

/** Of base64: 48 KB of XML. What is longer is not kept whole. */
const WHOLE_CHARS_MAX = 65_536;

export async function keptMessage(
  c: Context<AppEnv>,
  outcome: NewSignIn["outcome"],
): Promise<Pick<NewSignIn, "message" | "sealedMessage">> {
  const samlResponse = c.get("samlResponse");
  const { company } = c.get("tenant");
  if (samlResponse === undefined || (outcome === "success" && !company.keepMessages)) return {};
  const message = redactMessage(samlResponse);
  if (!company.keepMessages || samlResponse.length > WHOLE_CHARS_MAX) return { message };
  return { message, sealedMessage: await c.get("services").sealer.seal("sign-in-message", company.id, samlResponse) };
}
