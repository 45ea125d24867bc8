/** Sessions of a company's people: shown, and ended by administrators. */
import * as z from "zod/mini";
import type { Services } from "../context.ts";
import { type Company, endSession, endSessionsOfUser, findSession, type SessionRow } from "../store/index.ts";
import { type Actor, auditRecord } from "./actor.ts";
import { time, timeText } from "./fields.ts";
import { type Answer, answer, notFound } from "./problems.ts";
import { readUser } from "./users.ts";

export const sessionView = z.object({
  id: z.string(),
  userId: z.string(),
  createdAt: time,
  lastSeenAt: time,
  expiresAt: time,
  userAgent: z.string(),
});

export function viewSession(session: SessionRow): z.infer<typeof sessionView> {
  return {
    id: session.id,
    userId: session.userId,
    createdAt: timeText(session.createdAt),
    lastSeenAt: timeText(session.lastSeenAt),
    expiresAt: timeText(session.expiresAt),
    userAgent: session.userAgent,
  };
}

export async function readSession(services: Services, company: Company, id: string): Promise<Answer<SessionRow>> {
  const session = await findSession(services.database, company.id, id);
  return session ? answer(session) : notFound("session");
}

export async function endOneSession(
  services: Services,
  actor: Actor,
  company: Company,
  id: string,
): Promise<Answer<null>> {
  const session = await readSession(services, company, id);
  if (!session.ok) return session;
  const record = auditRecord(services, actor, company.id, {
    action: "delete",
    resource: "session",
    resourceId: id,
    before: viewSession(session.value),
    after: null,
  });
  const ended = await endSession(services.database, company.id, id, record);
  return ended ? answer(null) : notFound("session");
}

/** Signs one user out everywhere, or, with `userId` null, everybody of the company. */
export async function endSessions(
  services: Services,
  actor: Actor,
  company: Company,
  userId: string | null,
): Promise<Answer<null>> {
  if (userId !== null) {
    const user = await readUser(services, company, userId);
    if (!user.ok) return user;
  }
  const record = auditRecord(services, actor, company.id, {
    action: "delete",
    resource: "session",
    resourceId: "*",
    before: { userId: userId ?? "*" },
    after: null,
  });
  await endSessionsOfUser(services.database, company.id, userId, record);
  return answer(null);
}
