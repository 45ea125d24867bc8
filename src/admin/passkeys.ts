/** The passkeys of a company's users: shown to administrators, and removed by them. Adding one is the person's own affair. */
import * as z from "zod/mini";
import type { Services } from "../context.ts";
import {
  type Company,
  deletePasskeysOfUser,
  findPasskey,
  listPasskeys,
  type Passkey,
  deletePasskey as removePasskey,
} from "../store/index.ts";
import { type Actor, auditRecord } from "./actor.ts";
import { time, timeText } from "./fields.ts";
import { type Answer, answer, notFound } from "./problems.ts";
import { readUser } from "./users.ts";

export const passkeyView = z.object({
  id: z.string().check(z.meta({ description: "The WebAuthn credential's id, base64url" })),
  userId: z.string(),
  name: z.string(),
  algorithm: z.enum(["ES256", "RS256"]),
  createdAt: time,
  lastUsedAt: z.nullable(time),
});

export function viewPasskey(passkey: Passkey): z.infer<typeof passkeyView> {
  const { id, userId, name, algorithm, createdAt, lastUsedAt } = passkey;
  return {
    id,
    userId,
    name,
    algorithm: algorithm === "RS256" ? "RS256" : "ES256",
    createdAt: timeText(createdAt),
    lastUsedAt: timeText(lastUsedAt),
  };
}

export async function readPasskeys(services: Services, company: Company, userId: string): Promise<Answer<Passkey[]>> {
  const user = await readUser(services, company, userId);
  return user.ok ? answer(await listPasskeys(services.database, company.id, userId)) : user;
}

export async function readPasskey(
  services: Services,
  company: Company,
  userId: string,
  id: string,
): Promise<Answer<Passkey>> {
  const passkey = await findPasskey(services.database, company.id, userId, id);
  return passkey ? answer(passkey) : notFound("passkey");
}

/** In force at once: a passkey is looked up when it is used. Sessions that it began are over within a minute, but for `keptSession`. */
export async function deletePasskey(
  services: Services,
  actor: Actor,
  company: Company,
  { id, userId, ...passkey }: Passkey,
  keptSession?: string,
): Promise<Answer<null>> {
  const record = auditRecord(services, actor, company.id, {
    action: "delete",
    resource: "passkey",
    resourceId: id,
    before: viewPasskey({ id, userId, ...passkey }),
    after: null,
  });
  const removed = await removePasskey(services.database, company.id, userId, id, record, keptSession);
  return removed ? answer(null) : notFound("passkey");
}

/** All of one user, at once. */
export async function deletePasskeys(
  services: Services,
  actor: Actor,
  company: Company,
  userId: string,
): Promise<Answer<null>> {
  const held = await readPasskeys(services, company, userId);
  if (!held.ok) return held;
  const record = auditRecord(services, actor, company.id, {
    action: "delete",
    resource: "passkey",
    resourceId: "*",
    before: { userId, passkeys: held.value.map(viewPasskey) },
    after: null,
  });
  if (held.value.length > 0) await deletePasskeysOfUser(services.database, company.id, userId, record);
  return answer(null);
}
