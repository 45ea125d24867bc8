/** API tokens of a company. The secret is shown once, when the token is made, and kept nowhere. */
import { createHash } from "node:crypto";
import * as z from "zod/mini";
import type { Config } from "../config.ts";
import type { Services } from "../context.ts";
import { type Company, createToken, findToken, newId, deleteToken as removeToken, type Token } from "../store/index.ts";
import { type Actor, auditRecord } from "./actor.ts";
import { line, NAME_CHARS_MAX, time, timeText } from "./fields.ts";
import { type Answer, answer, invalid, notFound } from "./problems.ts";

const SECRET_BYTES = 32;
/** So that a secret that leaks is recognised for what it is. */
const SECRET_PREFIX = "vestibule_";

export const tokenView = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: time,
  expiresAt: z.nullable(time),
});

export const tokenWithSecretView = z.extend(tokenView, {
  secret: z.string().check(z.meta({ description: "The bearer token. Shown this once." })),
});

export const newToken = z.strictObject({
  name: z._default(line(1, NAME_CHARS_MAX), "API token"),
  expiresAt: z._default(z.nullable(z.iso.datetime({ offset: true })), null),
});

export function viewToken(token: Token): z.infer<typeof tokenView> {
  return { ...token, createdAt: timeText(token.createdAt), expiresAt: timeText(token.expiresAt) };
}

/** How a secret is kept and found. It is random over its whole length, so one plain hash is enough. */
export function secretSha256(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** Both are hashed first, so that neither length nor a common beginning shows in the time it takes. */
export function isOperatorToken({ operatorToken }: Config, secret: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return crypto.subtle.timingSafeEqual(digest(secret), digest(operatorToken));
}

export async function makeToken(
  services: Services,
  actor: Actor,
  company: Company,
  input: z.infer<typeof newToken>,
): Promise<Answer<{ readonly token: Token; readonly secret: string }>> {
  const now = services.now();
  const expiresAt = input.expiresAt === null ? null : Date.parse(input.expiresAt);
  if (expiresAt !== null && expiresAt <= now) return invalid([{ path: "expiresAt", message: "Must be in the future" }]);
  const token: Token = { id: newId(), name: input.name, createdAt: now, expiresAt };
  const secret =
    SECRET_PREFIX + Buffer.from(crypto.getRandomValues(new Uint8Array(SECRET_BYTES))).toString("base64url");
  const record = auditRecord(services, actor, company.id, {
    action: "create",
    resource: "token",
    resourceId: token.id,
    before: null,
    after: viewToken(token),
  });
  const made = await createToken(services.database, company.id, token, secretSha256(secret), record);
  return made === "done" ? answer({ token, secret }) : notFound("company");
}

export async function readToken(services: Services, company: Company, id: string): Promise<Answer<Token>> {
  const token = await findToken(services.database, company.id, id);
  return token ? answer(token) : notFound("token");
}

export async function deleteToken(
  services: Services,
  actor: Actor,
  company: Company,
  id: string,
): Promise<Answer<null>> {
  const token = await readToken(services, company, id);
  if (!token.ok) return token;
  const record = auditRecord(services, actor, company.id, {
    action: "delete",
    resource: "token",
    resourceId: id,
    before: viewToken(token.value),
    after: null,
  });
  const deleted = await removeToken(services.database, company.id, id, record);
  return deleted ? answer(null) : notFound("token");
}
