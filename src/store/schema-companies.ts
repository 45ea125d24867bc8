/** The tables of companies: what one is, its groups and its people. */
import { blob, foreignKey, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { PathRule } from "./types.ts";

export const companies = sqliteTable(
  "companies",
  {
    id: text().primaryKey(),
    slug: text().notNull(),
    name: text().notNull(),
    originUrl: text("origin_url").notNull(),
    status: text({ enum: ["active", "suspended"] }).notNull(),
    absoluteHours: integer("absolute_hours").notNull(),
    idleMinutes: integer("idle_minutes").notNull(),
    version: integer().notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    /** Null: as many as a person likes. */
    sessionsPerUserMax: integer("sessions_per_user_max"),
    pathRules: text("path_rules", { mode: "json" }).$type<PathRule[]>().notNull().default([]),
    edgeCache: integer("edge_cache", { mode: "boolean" }).notNull().default(true),
    /** Part of every key at the edge: what one more makes unreachable is purged. */
    edgeCacheGeneration: integer("edge_cache_generation").notNull().default(0),
    signInRetentionDays: integer("sign_in_retention_days").notNull().default(90),
    keepMessages: integer("keep_messages", { mode: "boolean" }).notNull().default(false),
    /** `#rrggbb`. */
    color: text(),
    logoSha256: text("logo_sha256"),
  },
  (t) => [uniqueIndex("companies_slug").on(t.slug)],
);

export const ofCompany = () =>
  text("company_id")
    .notNull()
    .references(() => companies.id, { onDelete: "cascade" });

/** What a company's pages show at their head; apart from the company, so that no request but the picture's own reads it. */
export const logos = sqliteTable("logos", {
  companyId: text("company_id")
    .primaryKey()
    .references(() => companies.id, { onDelete: "cascade" }),
  contentType: text("content_type").notNull(),
  bytes: blob({ mode: "buffer" }).notNull(),
});

/** Which database holds a company; one without a row is in the first. Stands in the first database only. */
export const placements = sqliteTable("placements", {
  slug: text().primaryKey(),
  /** Name of the binding. */
  database: text().notNull(),
});

export const groups = sqliteTable(
  "groups",
  {
    companyId: ofCompany(),
    id: text().notNull(),
    title: text().notNull(),
    type: text({ enum: ["administrator", "member"] }).notNull(),
    ssoOnly: integer("sso_only", { mode: "boolean" }).notNull(),
    version: integer().notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (t) => [primaryKey({ columns: [t.companyId, t.id] })],
);

export const users = sqliteTable(
  "users",
  {
    companyId: ofCompany(),
    id: text().notNull(),
    /** In the form of emailKey(): A to Z lowered, nothing else folded. */
    email: text().notNull(),
    firstName: text("first_name").notNull(),
    lastName: text("last_name").notNull(),
    company: text().notNull(),
    groupId: text("group_id").notNull(),
    status: text({ enum: ["active", "disabled"] }).notNull(),
    /** The IdP's name of this person; all three or none. */
    subjectIssuer: text("subject_issuer"),
    subjectKind: text("subject_kind", { enum: ["userKey", "nameId"] }),
    subjectValue: text("subject_value"),
    version: integer().notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    lastSignInAt: integer("last_sign_in_at"),
    /** Who chose the group. Of users from before this was kept: a hand. */
    groupSource: text("group_source", { enum: ["manual", "mapping"] })
      .notNull()
      .default("manual"),
  },
  (t) => [
    primaryKey({ columns: [t.companyId, t.id] }),
    // No action, not restrict: SQLite then checks at the statement's end, so deleting the company may cascade through both.
    foreignKey({ columns: [t.companyId, t.groupId], foreignColumns: [groups.companyId, groups.id] }),
    uniqueIndex("users_email").on(t.companyId, t.email),
    uniqueIndex("users_subject").on(t.companyId, t.subjectIssuer, t.subjectKind, t.subjectValue),
    index("users_group").on(t.companyId, t.groupId),
  ],
);
