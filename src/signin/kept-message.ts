/** What the sign-in log keeps of the message at hand: struck out always; whole only where the company says so, and then sealed. */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { redactMessage } from "../saml/index.ts";
import type { NewSignIn } from "../store/index.ts";

/** Of base64: 48 KB of XML. What is longer is not kept whole. */
const WHOLE_CHARS_MAX = 65_536;

export async function keptMessage(c: Context<AppEnv>): Promise<Pick<NewSignIn, "message" | "sealedMessage">> {
  const samlResponse = c.get("samlResponse");
  if (samlResponse === undefined) return {};
  const { company } = c.get("tenant");
  const message = redactMessage(samlResponse);
  if (!company.keepMessages || samlResponse.length > WHOLE_CHARS_MAX) return { message };
  return { message, sealedMessage: await c.get("services").sealer.seal("sign-in-message", company.id, samlResponse) };
}
