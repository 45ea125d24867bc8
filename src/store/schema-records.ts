/** The tables of what happened and by whom it was asked: sign-ins, the audit, tokens and answers kept for them. */
import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { Check } from "../saml/index.ts";
import { ofCompany } from "./schema-companies.ts";
import { AUDITED } from "./types.ts";

export const signIns = sqliteTable(
  "sign_ins",
  {
    companyId: ofCompany(),
    id: text().notNull(),
    at: integer().notNull(),
    outcome: text({ enum: ["success", "refused"] }).notNull(),
    code: text(),
    email: text(),
    checks: text({ mode: "json" }).$type<Check[]>().notNull(),
    /** What the visitor's page showed. */
    reference: text().notNull(),
    /** No foreign key: the record outlives the user. */
    userId: text("user_id"),
    /** The message with every value of a person struck out, as text; of an accepted sign-in only where keepMessages says so. */
    message: text(),
    /** The message whole, sealed; only where the company's keepMessages says so. */
    sealedMessage: text("sealed_message"),
    /** Null in rows of before there was a retention of its own: SIGN_IN_RETENTION_DAYS after `at`. */
    expiresAt: integer("expires_at"),
  },
  (t) => [
    primaryKey({ columns: [t.companyId, t.id] }),
    index("sign_ins_reference").on(t.companyId, t.reference),
    index("sign_ins_at").on(t.at),
    index("sign_ins_expires").on(t.expiresAt),
  ],
);

/** No foreign key: that a company was deleted is itself worth remembering. */
export const audit = sqliteTable(
  "audit",
  {
    id: text().primaryKey(),
    companyId: text("company_id").notNull(),
    at: integer().notNull(),
    /** `operator`, `token:<id>`, `user:<id>`, `sign-in` or `schedule`. */
    actor: text().notNull(),
    action: text({ enum: ["create", "update", "delete"] }).notNull(),
    resource: text({ enum: AUDITED }).notNull(),
    resourceId: text("resource_id").notNull(),
    before: text({ mode: "json" }).$type<unknown>(),
    after: text({ mode: "json" }).$type<unknown>(),
    /** Place in the company's chain, from 1; null until the row is sealed into it. */
    seq: integer(),
    /** The hash before it and its own, SHA-256 in lower-case hex each; what is hashed says docs/audit.md. */
    hash: text(),
  },
  (t) => [
    index("audit_company").on(t.companyId, t.id),
    index("audit_at").on(t.at),
    uniqueIndex("audit_chain").on(t.companyId, t.seq),
    index("audit_unsealed").on(t.companyId, t.id).where(sql`seq is null`),
  ],
);

export const tokens = sqliteTable(
  "tokens",
  {
    companyId: ofCompany(),
    id: text().notNull(),
    name: text().notNull(),
    /** SHA-256 of the secret, lower-case hex; the secret has 256 random bits, so nothing slower is needed. */
    secretSha256: text("secret_sha256").notNull(),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at"),
  },
  (t) => [primaryKey({ columns: [t.companyId, t.id] }), uniqueIndex("tokens_secret").on(t.secretSha256)],
);

/** Answers of POSTs that carried an Idempotency-Key, given again to whoever repeats one. */
export const idempotencyKeys = sqliteTable(
  "idempotency_keys",
  {
    /** The actor, so that no one meets another's answer: `operator` or `token:<id>`. */
    actor: text().notNull(),
    key: text().notNull(),
    /** SHA-256 of method, path and body, lower-case hex. */
    requestSha256: text("request_sha256").notNull(),
    /** Null while the first is still at work. */
    status: integer(),
    /** Sealed: it may hold a secret that is shown once. */
    sealedAnswer: text("sealed_answer"),
    createdAt: integer("created_at").notNull(),
  },
  (t) => [primaryKey({ columns: [t.actor, t.key] }), index("idempotency_keys_created").on(t.createdAt)],
);
