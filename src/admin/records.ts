/** What an administrator reads back: sign-ins with their checks, and the audit log. Written elsewhere. */
import * as z from "zod";
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
  code: z.string().nullable(),
  email: z.string().nullable(),
  checks: z.array(
    z.object({
      name: z.string(),
      ok: z.boolean(),
      expected: z.string().nullable(),
      received: z.string().nullable(),
    }),
  ),
  reference: z.string().meta({ description: "What the visitor's page showed" }),
  userId: z.string().nullable(),
});

export function viewSignIn(record: SignInRecord): z.infer<typeof signInView> {
  return { ...record, at: timeText(record.at), checks: record.checks.map((check) => ({ ...check })) };
}

export const signInDetailView = signInView.extend({
  message: z.string().nullable(),
});

export function viewSignInDetail({ wholeIsKept: _, ...record }: SignInDetail): z.infer<typeof signInDetailView> {
  return { ...viewSignIn(record), message: record.message };
}

export const auditView = z.object({
  id: z.string(),
  at: time,
  actor: z.string().meta({ description: "operator, token:<id>, user:<id> or sign-in" }),
  action: z.enum(["create", "update", "delete"]),
  resource: z.enum(AUDITED),
  resourceId: z.string(),
  before: z.unknown(),
  after: z.unknown(),
  seq: z.int().nullable(),
  hash: z.string().nullable(),
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
