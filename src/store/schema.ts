/**
 * The tables. Every row but `companies` and `audit` belongs to one company and carries its id at the head of its key, and
 * every reference between such rows is a composite foreign key that contains the company: a row can't point into another
 * company. Times are UTC milliseconds, ids UUIDv7 text. Each index is there for a query of this folder or for a foreign key.
 */
import { sql } from "drizzle-orm";
import { blob, foreignKey, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { Check } from "../saml/index.ts";
import { AUDITED, type PathRule, type SamlSettings, type TestedSignIn } from "./types.ts";

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

const ofCompany = () =>
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

/** Every state that a company's settings have had, the present one included: to compare, and to go back to. */
export const samlVersions = sqliteTable(
  "saml_versions",
  {
    companyId: ofCompany(),
    version: integer().notNull(),
    at: integer().notNull(),
    actor: text().notNull(),
    settings: text({ mode: "json" }).$type<SamlSettings>().notNull(),
  },
  (t) => [primaryKey({ columns: [t.companyId, t.version] })],
);

/** Settings about to be: nothing believes them but a test sign-in. One a company. */
export const samlDrafts = sqliteTable("saml_drafts", {
  companyId: text("company_id")
    .primaryKey()
    .references(() => companies.id, { onDelete: "cascade" }),
  /** Grows with every change, so that a test speaks of the very draft that it tried. */
  version: integer().notNull(),
  /** The version in force that it was made from; null: there was none. */
  basedOn: integer("based_on"),
  settings: text({ mode: "json" }).$type<SamlSettings>().notNull(),
  actor: text().notNull(),
  updatedAt: integer("updated_at").notNull(),
  testedVersion: integer("tested_version"),
  tested: text({ mode: "json" }).$type<TestedSignIn>(),
});

/** Where a company's identity provider publishes its metadata, and what the last looks at it gave. */
export const metadataSources = sqliteTable(
  "metadata_sources",
  {
    companyId: text("company_id")
      .primaryKey()
      .references(() => companies.id, { onDelete: "cascade" }),
    url: text().notNull(),
    /** What happens to a certificate that appears: it is announced, or trusted at once. */
    trust: text({ enum: ["announce", "automatic"] }).notNull(),
    /** Of the last good copy; base64 DER. */
    certificates: text({ mode: "json" }).$type<string[]>().notNull(),
    /** Seen in the last good copy, in none of the settings, and dismissed by nobody. */
    announced: text({ mode: "json" }).$type<string[]>().notNull(),
    dismissed: text({ mode: "json" }).$type<string[]>().notNull(),
    readAt: integer("read_at"),
    /** Null where the last look went well. */
    failure: text(),
    failedAt: integer("failed_at"),
    nextAt: integer("next_at").notNull(),
    version: integer().notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
  },
  (t) => [index("metadata_sources_next").on(t.nextAt)],
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
    /** The message with every value of a person struck out, as text. */
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
  (t) => [primaryKey({ columns: [t.companyId, t.kid] }), index("assertion_keys_created").on(t.createdAt)],
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
    /** Null: published beside the one in use, so that the identity provider learns it first. */
    activatedAt: integer("activated_at"),
  },
  (t) => [primaryKey({ columns: [t.companyId, t.id] })],
);
