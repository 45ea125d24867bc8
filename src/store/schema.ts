/**
 * The tables. Every row but `companies` and `audit` belongs to one company and carries its id at the head of its key, and
 * every reference between such rows is a composite foreign key that contains the company: a row can't point into another
 * company. Times are UTC milliseconds, ids UUIDv7 text. Each index is there for a query of this folder or for a foreign key.
 */
import { foreignKey, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { Check } from "../saml/index.ts";

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
  },
  (t) => [uniqueIndex("companies_slug").on(t.slug)],
);

const ofCompany = () =>
  text("company_id")
    .notNull()
    .references(() => companies.id, { onDelete: "cascade" });

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

export const samlSettings = sqliteTable(
  "saml_settings",
  {
    companyId: text("company_id")
      .primaryKey()
      .references(() => companies.id, { onDelete: "cascade" }),
    version: integer().notNull(),
    idpEntityId: text("idp_entity_id"),
    loginUrl: text("login_url").notNull(),
    logoutUrl: text("logout_url"),
    nameIdFormat: text("name_id_format").notNull(),
    requestBinding: text("request_binding", { enum: ["POST", "Redirect"] }).notNull(),
    certificates: text({ mode: "json" }).$type<string[]>().notNull(),
    jitEnabled: integer("jit_enabled", { mode: "boolean" }).notNull(),
    jitGroupId: text("jit_group_id"),
    signAuthnRequests: integer("sign_authn_requests", { mode: "boolean" }).notNull(),
    wantEncryptedAssertions: integer("want_encrypted_assertions", { mode: "boolean" }).notNull(),
    allowIdpInitiated: integer("allow_idp_initiated", { mode: "boolean" }).notNull(),
    forceAuthn: integer("force_authn", { mode: "boolean" }).notNull(),
    requestedAuthnContext: text("requested_authn_context", { mode: "json" }).$type<string[]>().notNull(),
    clockSkewSeconds: integer("clock_skew_seconds").notNull(),
    allowSha1: integer("allow_sha1", { mode: "boolean" }).notNull(),
    emailClaim: text("email_claim"),
    firstNameClaim: text("first_name_claim"),
    lastNameClaim: text("last_name_claim"),
    userKeyClaim: text("user_key_claim"),
    updatedAt: integer("updated_at").notNull(),
  },
  (t) => [foreignKey({ columns: [t.companyId, t.jitGroupId], foreignColumns: [groups.companyId, groups.id] })],
);

export const groupMappings = sqliteTable(
  "group_mappings",
  {
    companyId: text("company_id")
      .notNull()
      .references(() => samlSettings.companyId, { onDelete: "cascade" }),
    /** Priority: the lowest position that fits decides. */
    position: integer().notNull(),
    claim: text().notNull(),
    value: text().notNull(),
    groupId: text("group_id").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.companyId, t.position] }),
    foreignKey({ columns: [t.companyId, t.groupId], foreignColumns: [groups.companyId, groups.id] }),
    index("group_mappings_group").on(t.companyId, t.groupId),
  ],
);

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
  },
  (t) => [
    primaryKey({ columns: [t.companyId, t.id] }),
    index("sign_ins_reference").on(t.companyId, t.reference),
    index("sign_ins_at").on(t.at),
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

/** No foreign key: that a company was deleted is itself worth remembering. */
export const audit = sqliteTable(
  "audit",
  {
    id: text().primaryKey(),
    companyId: text("company_id").notNull(),
    at: integer().notNull(),
    /** `operator`, `token:<id>`, `user:<id>` or `sign-in`. */
    actor: text().notNull(),
    action: text({ enum: ["create", "update", "delete"] }).notNull(),
    resource: text({ enum: ["company", "saml", "group", "user", "session", "token", "invitation"] }).notNull(),
    resourceId: text("resource_id").notNull(),
    before: text({ mode: "json" }).$type<unknown>(),
    after: text({ mode: "json" }).$type<unknown>(),
  },
  (t) => [index("audit_company").on(t.companyId, t.id), index("audit_at").on(t.at)],
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

/** Keys that sign the identity assertion for the origin. */
export const assertionKeys = sqliteTable(
  "assertion_keys",
  {
    companyId: ofCompany(),
    kid: text().notNull(),
    publicJwk: text("public_jwk", { mode: "json" }).$type<JsonWebKey>().notNull(),
    wrappedPrivateJwk: text("wrapped_private_jwk").notNull(),
    createdAt: integer("created_at").notNull(),
    retiredAt: integer("retired_at"),
  },
  (t) => [primaryKey({ columns: [t.companyId, t.kid] })],
);

/** Keys of the service provider: what signs our requests, what decrypts assertions. */
export const spKeys = sqliteTable(
  "sp_keys",
  {
    companyId: ofCompany(),
    id: text().notNull(),
    use: text({ enum: ["signing", "encryption"] }).notNull(),
    certificate: text().notNull(),
    wrappedPrivateKey: text("wrapped_private_key").notNull(),
    createdAt: integer("created_at").notNull(),
    retiredAt: integer("retired_at"),
  },
  (t) => [primaryKey({ columns: [t.companyId, t.id] })],
);
