/** The shapes that leave this folder. Rows never do. Times are UTC milliseconds; ids are UUIDv7 text. */
import type { Check } from "../saml/index.ts";

export interface Company {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly originUrl: string;
  readonly status: "active" | "suspended";
  readonly sessionPolicy: { readonly absoluteHours: number; readonly idleMinutes: number };
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Sessions that one person may have at once, the oldest give way; null: any number. */
  readonly sessionsPerUserMax: number | null;
  /** By priority: the first whose path fits decides; a path that none fits needs a session. */
  readonly pathRules: readonly PathRule[];
  /** Whether what the origin marks cacheable is kept at the edge, behind the session check. */
  readonly edgeCache: boolean;
  readonly edgeCacheGeneration: number;
  /** 1 to SIGN_IN_RETENTION_DAYS. */
  readonly signInRetentionDays: number;
  /** Whether the sign-in log keeps messages of accepted sign-ins too, and each whole, sealed. */
  readonly keepMessages: boolean;
  /** `#rrggbb`, or null for the gateway's own. */
  readonly color: string | null;
  /** Of the logo, lower-case hex; null: none. */
  readonly logoSha256: string | null;
}

/** Who may ask for a path of the origin. */
export interface PathRule {
  /** A path, or a prefix that ends in `/*`. */
  readonly path: string;
  /** `session`: as without a rule. `optional`: with identity where there is a session, without it where there is none. `public`: always without. */
  readonly access: "session" | "optional" | "public";
  /** What a navigation without a session gets. */
  readonly unauthenticated: "signIn" | "401";
  /** Whether a CORS preflight reaches the origin without a session; browsers send none of our cookies with it. */
  readonly preflight: boolean;
}

/** A company's single sign-on, whole; a company without it has none. */
export interface SamlSettings {
  readonly version: number;
  readonly idpEntityId: string | null;
  readonly loginUrl: string;
  readonly logoutUrl: string | null;
  readonly nameIdFormat: string;
  readonly requestBinding: "POST" | "Redirect";
  /** DER in base64, one line each. */
  readonly certificates: readonly string[];
  readonly jit: { readonly enabled: boolean; readonly groupId: string | null };
  readonly signAuthnRequests: boolean;
  readonly wantEncryptedAssertions: boolean;
  readonly allowIdpInitiated: boolean;
  readonly forceAuthn: boolean;
  readonly requestedAuthnContext: readonly string[];
  readonly clockSkewSeconds: number;
  readonly allowSha1: boolean;
  /** Claim names; null stands for the defaults. */
  readonly attributeMapping: {
    readonly email: string | null;
    readonly firstName: string | null;
    readonly lastName: string | null;
    readonly userKey: string | null;
  };
  /** By priority: the first that fits decides. */
  readonly groupMapping: readonly { readonly claim: string; readonly value: string; readonly groupId: string }[];
  readonly updatedAt: number;
}

/** A key that signs the identity assertion. `wrappedPrivateJwk` is sealed; it never leaves in the clear. */
export interface AssertionKey {
  readonly kid: string;
  readonly publicJwk: JsonWebKey;
  readonly wrappedPrivateJwk: string;
  readonly createdAt: number;
  readonly retiredAt: number | null;
}

/** A key pair of the service provider. `certificate` is base64 DER; `wrappedPrivateKey` is sealed PKCS #8. */
export interface SpKey {
  readonly id: string;
  readonly use: "signing" | "encryption";
  readonly certificate: string;
  readonly wrappedPrivateKey: string;
  readonly createdAt: number;
  readonly retiredAt: number | null;
  /** Since when it is the one in use; null: only published yet. */
  readonly activatedAt: number | null;
}

export interface Group {
  readonly id: string;
  readonly title: string;
  readonly type: "administrator" | "member";
  readonly ssoOnly: boolean;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** How an IdP's person is linked to a user; unique per company. For `nameId` the value is JSON of [value, format, nameQualifier, spNameQualifier]. */
export interface Subject {
  readonly issuer: string;
  readonly kind: "userKey" | "nameId";
  readonly value: string;
}

export interface User {
  readonly id: string;
  /** In the form of emailKey(), whatever case it was written in. */
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  /** The person's own words for where they work; not the tenant. */
  readonly company: string;
  readonly groupId: string;
  /** Who chose the group: a rule of the group mapping, or else a hand (an administrator, an import) or the Just-In-Time default. */
  readonly groupSource: "manual" | "mapping";
  readonly status: "active" | "disabled";
  readonly subject: Subject | null;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly lastSignInAt: number | null;
}

/** A user about to be: version 1, never signed in. */
export type NewUser = Omit<User, "version" | "createdAt" | "updatedAt" | "lastSignInAt">;

/** What may change of a user; what is absent stays. */
export type UserChanges = Partial<Omit<NewUser, "id">>;

export interface SessionRow {
  readonly id: string;
  readonly userId: string;
  readonly createdAt: number;
  readonly lastSeenAt: number;
  readonly expiresAt: number;
  readonly idleMinutes: number;
  readonly userAgent: string;
  readonly issuer: string;
  readonly nameId: string;
  readonly nameIdFormat: string | null;
  readonly nameQualifier: string | null;
  readonly spNameQualifier: string | null;
  readonly sessionIndex: string | null;
}

export interface SignInRecord {
  /** Of newId(): the list is ordered by it. */
  readonly id: string;
  readonly at: number;
  readonly outcome: "success" | "refused";
  readonly code: string | null;
  readonly email: string | null;
  readonly checks: readonly Check[];
  readonly reference: string;
  readonly userId: string | null;
}

/** A request that found its session over. */
export interface KeptPost {
  readonly id: string;
  readonly userId: string;
  /** With its query. */
  readonly path: string;
  readonly contentType: string;
  /** Of the body, sealed. */
  readonly bytes: number;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** A record with what is kept of its message. */
export interface NewSignIn extends SignInRecord {
  readonly message?: string | null;
  readonly sealedMessage?: string | null;
}

/** As it is read back one at a time. The whole message is opened by takeSealedMessage only. */
export interface SignInDetail extends SignInRecord {
  readonly message: string | null;
  readonly wholeIsKept: boolean;
}

/** What a search of the log demands; what is null or absent demands nothing. */
export interface SignInFilter {
  readonly outcome?: SignInRecord["outcome"] | null;
  readonly code?: string | null;
  /** Part of an e-mail address, in any case. */
  readonly email?: string | null;
  /** UTC milliseconds: from, and before. */
  readonly from?: number | null;
  readonly to?: number | null;
}

/** What a test sign-in showed of a draft. */
export interface TestedSignIn {
  readonly at: number;
  readonly actor: string;
  readonly outcome: "success" | "refused";
  readonly code: string | null;
  readonly checks: readonly Check[];
  /** Claims of the response by name; empty where it was not believed. */
  readonly claims: readonly { readonly name: string; readonly values: readonly string[] }[];
  /** Who would have been signed in, and what would have become of them; null where it was refused. */
  readonly result: {
    readonly email: string;
    readonly firstName: string;
    readonly lastName: string;
    readonly userId: string | null;
    readonly groupId: string | null;
  } | null;
}

/** Settings about to be: nothing believes them but a test sign-in. */
export interface SamlDraft {
  /** Grows with every change, and is never used again. */
  readonly version: number;
  /** The version in force that it was made from; null: there was none. */
  readonly basedOn: number | null;
  readonly settings: SamlSettings;
  readonly actor: string;
  readonly updatedAt: number;
  readonly testedVersion: number | null;
  readonly tested: TestedSignIn | null;
}

/** Settings as they were put in force once. */
export interface SamlVersion {
  readonly version: number;
  readonly at: number;
  readonly actor: string;
  readonly settings: SamlSettings;
}

/** Where a company's identity provider publishes its metadata, and what the looks at it gave. Certificates are base64 DER. */
export interface MetadataSource {
  readonly url: string;
  /** What happens to a certificate that appears: it is announced, or trusted at once. */
  readonly trust: "announce" | "automatic";
  /** Of the last good copy. */
  readonly certificates: readonly string[];
  /** Of those, the ones that were in no settings then and that nobody dismissed. */
  readonly announced: readonly string[];
  readonly dismissed: readonly string[];
  /** When the last good copy was read. */
  readonly readAt: number | null;
  /** Why the last look failed; null where it went well. */
  readonly failure: string | null;
  /** Since when each look has failed. */
  readonly failedAt: number | null;
  readonly nextAt: number;
  /** Grows with every change, and is never used again. */
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** The kinds of thing whose changes are recorded. */
export const AUDITED = [
  "company",
  "saml",
  "group",
  "user",
  "session",
  "token",
  "invitation",
  "passkey",
  "sp-key",
  "assertion-key",
  "metadata-source",
  "sign-in",
] as const;

/** One change. `before` and `after` are what the API shows of the object, never a secret. */
export interface AuditRecord {
  readonly id: string;
  readonly companyId: string;
  readonly at: number;
  /** `operator`, `token:<id>`, `user:<id>`, `sign-in`, `schedule` or `metadata`. */
  readonly actor: string;
  readonly action: "create" | "update" | "delete";
  readonly resource: (typeof AUDITED)[number];
  readonly resourceId: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** A company's API token, without its secret. */
export interface Token {
  readonly id: string;
  readonly name: string;
  readonly createdAt: number;
  readonly expiresAt: number | null;
}

/** A one-time link that lets a person choose a password: an invitation of a user, or the set-up link of an administrator to be. */
export type Invitation = {
  readonly id: string;
  readonly createdAt: number;
  readonly expiresAt: number;
} & (
  | { readonly kind: "invitation"; readonly userId: string }
  | { readonly kind: "setup"; readonly email: string; readonly firstName: string; readonly lastName: string }
);

/** A WebAuthn credential of a user, for this company's host alone. */
export interface Passkey {
  /** The credential's id, base64url. */
  readonly id: string;
  readonly userId: string;
  /** SubjectPublicKeyInfo (RFC 5280, 4.1), base64url. */
  readonly publicKey: string;
  readonly algorithm: string;
  /** As last seen; 0 where the authenticator does not count. */
  readonly signCount: number;
  readonly transports: readonly string[];
  /** The person's own word for it. */
  readonly name: string;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
}

/** A page of a list: up to `limit` objects after the one that `after` names, in the list's order. */
export interface Page {
  readonly after: string | null;
  readonly limit: number;
}
