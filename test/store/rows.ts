/** What the store's tests put into the database: a company with a group and a person, and the parts of a sign-in. */
import {
  type AssertionKey,
  type AuditRecord,
  type Company,
  createCompany,
  createGroup,
  createUser,
  type Database,
  type Group,
  type Invitation,
  type MetadataSource,
  type NewUser,
  newId,
  type Passkey,
  type SamlDraft,
  type SamlSettings,
  type SessionRow,
  type SignInRecord,
  type SignInWrite,
  type SpKey,
  type TestedWrite,
} from "../../src/store/index.ts";

export const NOW = Date.UTC(2026, 0, 15, 12);

export function companyRow(slug: string): Company {
  return {
    id: newId(),
    slug,
    name: `Company ${slug}`,
    originUrl: "https://origin.example",
    status: "active",
    sessionPolicy: { absoluteHours: 12, idleMinutes: 60 },
    sessionsPerUserMax: null,
    pathRules: [],
    edgeCache: true,
    edgeCacheGeneration: 0,
    signInRetentionDays: 90,
    keepMessages: false,
    color: null,
    logoSha256: null,
    version: 1,
    createdAt: NOW,
    updatedAt: NOW,
  };
}

export function auditRow(companyId: string, more: Partial<AuditRecord> = {}): AuditRecord {
  return {
    id: newId(),
    companyId,
    at: NOW,
    actor: "operator",
    action: "create",
    resource: "company",
    resourceId: companyId,
    before: null,
    after: { made: true },
    ...more,
  };
}

export function assertionKeyRow(): AssertionKey {
  return { kid: newId(), publicJwk: { kty: "EC" }, wrappedPrivateJwk: "sealed", createdAt: NOW, retiredAt: null };
}

export function spKeyRow(use: SpKey["use"]): SpKey {
  return {
    id: newId(),
    use,
    certificate: "MIIB",
    wrappedPrivateKey: "sealed",
    createdAt: NOW,
    retiredAt: null,
    activatedAt: NOW,
  };
}

export function groupRow(title = "Members"): Group {
  return { id: newId(), title, type: "member", ssoOnly: true, version: 1, createdAt: NOW, updatedAt: NOW };
}

export function userRow(groupId: string, email: string): NewUser {
  return {
    id: newId(),
    email,
    firstName: "Britta",
    lastName: "Simon",
    company: "Contoso",
    groupId,
    groupSource: "manual",
    status: "active",
    subject: null,
  };
}

export function settingsRow(groupId: string | null): SamlSettings {
  return {
    version: 1,
    idpEntityId: "https://idp.example/",
    loginUrl: "https://idp.example/login",
    logoutUrl: null,
    nameIdFormat: "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    requestBinding: "POST",
    certificates: ["MIIB", "MIIC"],
    jit: { enabled: groupId !== null, groupId },
    signAuthnRequests: false,
    wantEncryptedAssertions: false,
    allowIdpInitiated: false,
    forceAuthn: false,
    requestedAuthnContext: [],
    clockSkewSeconds: 180,
    allowSha1: false,
    attributeMapping: { email: null, firstName: null, lastName: null, userKey: null },
    groupMapping: [],
    updatedAt: NOW,
  };
}

export function draftRow(version: number): Omit<SamlDraft, "testedVersion" | "tested"> {
  return { version, basedOn: 1, settings: settingsRow(null), actor: "operator", updatedAt: NOW };
}

/** A test of a draft that went well. */
export function testedWrite(version: number, more: Partial<TestedWrite> = {}): TestedWrite {
  return {
    version,
    requestId: `_t${newId()}`,
    requestExpiresAt: NOW + 900_000,
    assertion: { issuer: "https://idp.example/", id: `_a${newId()}`, expiresAt: NOW + 3_600_000 },
    tested: {
      at: NOW,
      actor: "user:x",
      outcome: "success",
      code: null,
      checks: [{ name: "audience", ok: true, expected: "a", received: "a" }],
      claims: [{ name: "mail", values: ["b@x.example"] }],
      result: { email: "b@x.example", firstName: "B", lastName: "S", userId: null, groupId: "g" },
    },
    ...more,
  };
}

/** A company with one group and one user, by the store's own functions. */
export async function companyWithUser(db: Database, slug: string, email = "b.simon@contoso.example") {
  const company = companyRow(slug);
  await createCompany(db, company, assertionKeyRow(), auditRow(company.id));
  const group = groupRow();
  await createGroup(db, company.id, group, auditRow(company.id, { resource: "group", resourceId: group.id }));
  const user = userRow(group.id, email);
  await createUser(db, company.id, user, auditRow(company.id, { resource: "user", resourceId: user.id }));
  return { company, group, user };
}

export function sessionRow(userId: string, more: Partial<SessionRow> = {}): SessionRow {
  return {
    id: newId(),
    userId,
    createdAt: NOW,
    lastSeenAt: NOW,
    expiresAt: NOW + 3_600_000,
    idleMinutes: 60,
    userAgent: "Chromium",
    issuer: "https://idp.example/",
    nameId: "b.simon@contoso.example",
    nameIdFormat: null,
    nameQualifier: null,
    spNameQualifier: null,
    sessionIndex: "_session1",
    ...more,
  };
}

export function invitationRow(userId: string, more: { expiresAt?: number } = {}): Invitation {
  return { id: newId(), kind: "invitation", userId, createdAt: NOW, expiresAt: NOW + 3_600_000, ...more };
}

export function passkeyRow(userId: string, more: Partial<Passkey> = {}): Passkey {
  return {
    id: newId(),
    userId,
    publicKey: "MFkw",
    algorithm: "ES256",
    signCount: 0,
    transports: ["internal"],
    name: "Laptop",
    createdAt: NOW,
    lastUsedAt: null,
    ...more,
  };
}

export function signInRow(more: Partial<SignInRecord> = {}): SignInRecord {
  return {
    id: newId(),
    at: NOW,
    outcome: "success",
    code: null,
    email: "b.simon@contoso.example",
    checks: [{ name: "audience", ok: true, expected: "a", received: "a" }],
    reference: "REF-1",
    userId: null,
    ...more,
  };
}

/** A sign-in of a known user with nothing to change. */
export function signInWrite(userId: string, more: Partial<SignInWrite> = {}): SignInWrite {
  return {
    now: NOW,
    requestId: `_r${newId()}`,
    requestExpiresAt: NOW + 900_000,
    issuer: "https://idp.example/",
    assertionId: `_a${newId()}`,
    assertionExpiresAt: NOW + 3_600_000,
    user: { kind: "update", userId, changes: {}, expectedVersion: 1 },
    session: sessionRow(userId),
    signIn: signInRow({ userId }),
    ...more,
  };
}

export function sourceRow(version: number): MetadataSource {
  return {
    url: "https://idp.example/metadata",
    trust: "announce",
    certificates: ["MIIB"],
    announced: [],
    dismissed: [],
    readAt: NOW,
    failure: null,
    failedAt: null,
    nextAt: NOW,
    version,
    createdAt: NOW,
    updatedAt: NOW,
  };
}
