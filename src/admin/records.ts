/** What an administrator reads back: sign-ins with their checks, and the audit log. Written elsewhere. */
import * as z from "zod/mini";
import type { Services } from "../context.ts";
import {
  AUDITED,
  listAudit,
  type Page,
  type SealedAudit,
  type SignInDetail,
  type SignInRecord,
  sealPending,
} from "../store/index.ts";
import { fromAll } from "../tenant/index.ts";
import { time, timeText } from "./fields.ts";

export const signInView = z.object({
  id: z.string(),
  at: time,
  outcome: z.enum(["success", "refused"]),
  code: z.nullable(z.string()),
  email: z.nullable(z.string()),
  checks: z.array(
    z.object({
      name: z.string(),
      ok: z.boolean(),
      expected: z.nullable(z.string()),
      received: z.nullable(z.string()),
    }),
  ),
  reference: z.string().check(z.meta({ description: "What the visitor's page showed" })),
  userId: z.nullable(z.string()),
});

export function viewSignIn(record: SignInRecord): z.infer<typeof signInView> {
  return { ...record, at: timeText(record.at), checks: record.checks.map((check) => ({ ...check })) };
}

export const signInDetailView = z.extend(signInView, {
  message: z.nullable(z.string()),
});

export function viewSignInDetail({ wholeIsKept: _, ...record }: SignInDetail): z.infer<typeof signInDetailView> {
  return { ...viewSignIn(record), message: record.message };
}

export const auditView = z.object({
  id: z.string(),
  at: time,
  actor: z.string().check(z.meta({ description: "operator, token:<id>, user:<id>, sign-in or schedule" })),
  action: z.enum(["create", "update", "delete"]),
  resource: z.enum(AUDITED),
  resourceId: z.string(),
  before: z.unknown(),
  after: z.unknown(),
  seq: z.nullable(z.int()),
  hash: z.nullable(z.string()),
});

export function viewAudit({ companyId: _, ...record }: SealedAudit): z.infer<typeof auditView> {
  return { ...record, at: timeText(record.at) };
}

/** The records of all companies in all databases, newest first; `page.after` is an id. What is not sealed into its chain yet is sealed first. */
export function auditOfAll(services: Services, page: Page): Promise<SealedAudit[]> {
  return fromAll(
    services,
    page.limit,
    async (database) => {
      await sealPending(database);
      return listAudit(database, null, page);
    },
    (a, b) => (a.id < b.id ? 1 : -1),
  );
}
