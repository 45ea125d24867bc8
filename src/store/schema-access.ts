/** The tables of who is in and how they came: sessions, what can be used once, passwords, passkeys and links. */
import { blob, foreignKey, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { ofCompany, users } from "./schema-companies.ts";

export const sessions = sqliteTable(
  "sessions",
  {
    companyId: text("company_id").notNull(),
    id: text().notNull(),
    userId: text("user_id").notNull(),
    createdAt: integer("created_at").notNull(),
    lastSeenAt: integer("last_seen_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
    idleMinutes: integer("idle_minutes").notNull(),
    userAgent: text("user_agent").notNull(),
    issuer: text().notNull(),
    nameId: text("name_id").notNull(),
    nameIdFormat: text("name_id_format"),
    nameQualifier: text("name_qualifier"),
    spNameQualifier: text("sp_name_qualifier"),
    sessionIndex: text("session_index"),
  },
  (t) => [
    primaryKey({ columns: [t.companyId, t.id] }),
    foreignKey({ columns: [t.companyId, t.userId], foreignColumns: [users.companyId, users.id] }).onDelete("cascade"),
    index("sessions_user").on(t.companyId, t.userId, t.id),
    index("sessions_name_id").on(t.companyId, t.issuer, t.nameId),
    index("sessions_expires").on(t.expiresAt),
  ],
);

/** A request is answered once: the insert has one winner in the world. */
export const usedRequests = sqliteTable(
  "used_requests",
  {
    companyId: ofCompany(),
    requestId: text("request_id").notNull(),
    expiresAt: integer("expires_at").notNull(),
  },
  (t) => [primaryKey({ columns: [t.companyId, t.requestId] }), index("used_requests_expires").on(t.expiresAt)],
);

/** An assertion is used once: likewise. */
export const usedAssertions = sqliteTable(
  "used_assertions",
  {
    companyId: ofCompany(),
    issuer: text().notNull(),
    assertionId: text("assertion_id").notNull(),
    expiresAt: integer("expires_at").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.companyId, t.issuer, t.assertionId] }),
    index("used_assertions_expires").on(t.expiresAt),
  ],
);

/** Passwords of the users who have one; a group that is SSO only is refused whatever stands here. */
export const credentials = sqliteTable(
  "credentials",
  {
    companyId: text("company_id").notNull(),
    userId: text("user_id").notNull(),
    /** As the sign-in journey keeps it: derived, salted, tagged. */
    password: text().notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.companyId, t.userId] }),
    foreignKey({ columns: [t.companyId, t.userId], foreignColumns: [users.companyId, users.id] }).onDelete("cascade"),
  ],
);

/** WebAuthn credentials (Level 3, 4): the better way to sign in without an identity provider. */
export const passkeys = sqliteTable(
  "passkeys",
  {
    companyId: text("company_id").notNull(),
    /** The credential's id, base64url. */
    id: text().notNull(),
    userId: text("user_id").notNull(),
    /** COSE or SPKI as the sign-in journey keeps it, base64url. */
    publicKey: text("public_key").notNull(),
    algorithm: text().notNull(),
    signCount: integer("sign_count").notNull(),
    transports: text({ mode: "json" }).$type<string[]>().notNull(),
    name: text().notNull(),
    createdAt: integer("created_at").notNull(),
    lastUsedAt: integer("last_used_at"),
  },
  (t) => [
    primaryKey({ columns: [t.companyId, t.id] }),
    foreignKey({ columns: [t.companyId, t.userId], foreignColumns: [users.companyId, users.id] }).onDelete("cascade"),
    index("passkeys_user").on(t.companyId, t.userId),
  ],
);

/** Bodies of requests that found their session expired, until the person is back and sends them again. */
export const keptPosts = sqliteTable(
  "kept_posts",
  {
    companyId: text("company_id").notNull(),
    id: text().notNull(),
    userId: text("user_id").notNull(),
    path: text().notNull(),
    contentType: text("content_type").notNull(),
    body: blob({ mode: "buffer" }).notNull(),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.companyId, t.id] }),
    foreignKey({ columns: [t.companyId, t.userId], foreignColumns: [users.companyId, users.id] }).onDelete("cascade"),
    index("kept_posts_user").on(t.companyId, t.userId),
    index("kept_posts_expires").on(t.expiresAt),
  ],
);

/** One-time links that let a person choose a password. Used or revoked, the row is gone; the audit remembers it. */
export const invitations = sqliteTable(
  "invitations",
  {
    companyId: ofCompany(),
    id: text().notNull(),
    kind: text({ enum: ["invitation", "setup"] }).notNull(),
    /** Of an invitation. */
    userId: text("user_id"),
    /** Of a set-up link: the person may not be a user yet. */
    email: text(),
    firstName: text("first_name"),
    lastName: text("last_name"),
    /** SHA-256 of the link's token, lower-case hex; the token has 256 random bits. */
    tokenSha256: text("token_sha256").notNull(),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.companyId, t.id] }),
    foreignKey({ columns: [t.companyId, t.userId], foreignColumns: [users.companyId, users.id] }).onDelete("cascade"),
    uniqueIndex("invitations_token").on(t.tokenSha256),
    index("invitations_user").on(t.companyId, t.userId),
    index("invitations_expires").on(t.expiresAt),
  ],
);

/** How often a password was tried, for all isolates of the world. A bucket is a tag of ours: no address stands here. */
export const localAttempts = sqliteTable(
  "local_attempts",
  {
    companyId: ofCompany(),
    bucket: text().notNull(),
    windowStartedAt: integer("window_started_at").notNull(),
    count: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.companyId, t.bucket] }), index("local_attempts_window").on(t.windowStartedAt)],
);
