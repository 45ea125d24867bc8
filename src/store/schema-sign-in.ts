/** The tables of how a company signs in: its settings, those it had and those about to be, and the keys of its own. */
import { foreignKey, index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { companies, groups, ofCompany } from "./schema-companies.ts";
import type { SamlSettings, TestedSignIn } from "./types.ts";

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
