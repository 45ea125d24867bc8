/**
 * The single sign-on settings as a form: from the stored settings to fields, from a posted form to fields, and from fields to what
 * REST would be sent. Fields are texts as typed, so that a form that is not accepted comes back as it was.
 */
import { NAME_ID_FORMAT } from "../../saml/index.ts";
import type { SamlSettings } from "../../store/index.ts";
import type { Posted } from "../frame/index.ts";
import { CLOCK_SKEW_SECONDS_DEFAULT } from "../saml-settings.ts";

/** Field names are the paths of REST's errors; the labels are the tutorial's words. */
export const TEXT_FIELDS = {
  loginUrl: "Login URL",
  logoutUrl: "Logout URL",
  nameIdFormat: "Name ID Format",
  requestBinding: "Binding for requests",
  "jit.groupId": "Permission group for new users",
  idpEntityId: "Identity provider’s Entity ID",
  requestedAuthnContext: "Requested authentication context",
  clockSkewSeconds: "Clock skew in seconds",
  "attributeMapping.email": "Claim for the e-mail address",
  "attributeMapping.firstName": "Claim for the first name",
  "attributeMapping.lastName": "Claim for the last name",
  "attributeMapping.userKey": "Claim for the immutable user key",
} as const;

export const CHECK_FIELDS = {
  "jit.enabled": "Just-In-Time provisioning",
  signAuthnRequests: "Sign our requests",
  wantEncryptedAssertions: "Demand encrypted assertions",
  allowIdpInitiated: "Allow IdP-initiated sign-in",
  forceAuthn: "Ask for authentication every time",
  allowSha1: "Accept SHA-1 signatures",
} as const;

type TextName = keyof typeof TEXT_FIELDS;
type CheckName = keyof typeof CHECK_FIELDS;

export interface MappingRow {
  readonly priority: string;
  readonly claim: string;
  readonly value: string;
  readonly groupId: string;
}

export interface SettingsFields {
  /** Of the settings that the form was made from; 0 for none. */
  readonly version: number;
  readonly texts: Readonly<Record<TextName, string>>;
  readonly checks: Readonly<Record<CheckName, boolean>>;
  /** SHA-256 of stored certificates to let go. */
  readonly removed: readonly string[];
  /** Certificates to add, as text. */
  readonly certificates: string;
  readonly mappings: readonly MappingRow[];
}

/** Rows that stand ready to be filled in. */
const EMPTY_ROWS = 2;
/** Bounds what a posted form can make this page show; the store's own limit on mappings is checked as ever. */
const ROWS_MAX = 120;
const PRIORITY_STEP = 10;

export function fieldsOf(saml: SamlSettings | null): SettingsFields {
  const mapping = saml?.attributeMapping;
  return {
    version: saml?.version ?? 0,
    texts: {
      loginUrl: saml?.loginUrl ?? "",
      logoutUrl: saml?.logoutUrl ?? "",
      nameIdFormat: saml?.nameIdFormat ?? NAME_ID_FORMAT.emailAddress,
      requestBinding: saml?.requestBinding ?? "POST",
      "jit.groupId": saml?.jit.groupId ?? "",
      idpEntityId: saml?.idpEntityId ?? "",
      requestedAuthnContext: saml?.requestedAuthnContext.join("\n") ?? "",
      clockSkewSeconds: String(saml?.clockSkewSeconds ?? CLOCK_SKEW_SECONDS_DEFAULT),
      "attributeMapping.email": mapping?.email ?? "",
      "attributeMapping.firstName": mapping?.firstName ?? "",
      "attributeMapping.lastName": mapping?.lastName ?? "",
      "attributeMapping.userKey": mapping?.userKey ?? "",
    },
    checks: {
      "jit.enabled": saml?.jit.enabled ?? true,
      signAuthnRequests: saml?.signAuthnRequests ?? false,
      wantEncryptedAssertions: saml?.wantEncryptedAssertions ?? false,
      allowIdpInitiated: saml?.allowIdpInitiated ?? false,
      forceAuthn: saml?.forceAuthn ?? false,
      allowSha1: saml?.allowSha1 ?? false,
    },
    removed: [],
    certificates: "",
    mappings: withEmptyRows(
      (saml?.groupMapping ?? []).map((row, index) => ({ ...row, priority: String((index + 1) * PRIORITY_STEP) })),
    ),
  };
}

function withEmptyRows(rows: readonly MappingRow[]): MappingRow[] {
  const empty = { priority: "", claim: "", value: "", groupId: "" };
  return [...rows, ...Array.from({ length: EMPTY_ROWS }, () => empty)];
}

/** As typed. Uploaded certificates become text, because a browser doesn't fill a file field in again. */
export async function fieldsPosted(posted: Posted): Promise<SettingsFields> {
  const text = (name: TextName) => posted.text(name).trim();
  const texts = Object.fromEntries(Object.keys(TEXT_FIELDS).map((name) => [name, text(name as TextName)]));
  const checks = Object.fromEntries(Object.keys(CHECK_FIELDS).map((name) => [name, posted.has(name)]));
  const uploads = await Promise.all(posted.files("certificateFiles").map(certificateText));
  const mappings: MappingRow[] = [];
  for (let index = 0; index < ROWS_MAX && posted.has(`groupMapping.${index}.claim`); index++) {
    const part = (name: string) => posted.text(`groupMapping.${index}.${name}`).trim();
    mappings.push({ priority: part("priority"), claim: part("claim"), value: part("value"), groupId: part("groupId") });
  }
  return {
    version: Number(posted.text("version")) || 0,
    texts: texts as Record<TextName, string>,
    checks: checks as Record<CheckName, boolean>,
    removed: posted.all("remove"),
    certificates: [posted.text("certificates").trim(), ...uploads].filter((one) => one !== "").join("\n"),
    mappings: withEmptyRows(inOrder(mappings)),
  };
}

/** Filled rows by their priority; those without one come last, in the order they stand in. */
function inOrder(rows: readonly MappingRow[]): MappingRow[] {
  const filled = rows.filter(({ claim, value, groupId }) => claim !== "" || value !== "" || groupId !== "");
  const rank = ({ priority }: MappingRow) => (/^\d{1,6}$/.test(priority) ? Number(priority) : Number.POSITIVE_INFINITY);
  return filled
    .map((row, index) => ({ row, index }))
    .sort((a, b) => (rank(a.row) === rank(b.row) ? a.index - b.index : rank(a.row) - rank(b.row)))
    .map(({ row }) => row);
}

/**
 * A .pem holds text; a .cer may hold the bare DER, whose first byte is that of a SEQUENCE (X.690, 8.9). Whatever else a file holds
 * stands as a block too, so that it is refused and not taken for words around other certificates.
 */
async function certificateText(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const der = bytes[0] === 0x30;
  const text = der ? Buffer.from(bytes).toString("base64") : new TextDecoder().decode(bytes).trim();
  if (!der && (text === "" || text.includes("-----BEGIN "))) return text;
  return ["-----BEGIN CERTIFICATE-----", ...(text.match(/\S{1,64}/g) ?? []), "-----END CERTIFICATE-----"].join("\n");
}

/** What REST would be sent; `kept` are the stored certificates that stay. Its validation judges it. */
export function settingsInput(fields: SettingsFields, kept: readonly string[]): unknown {
  const { texts, checks } = fields;
  const orNull = (text: string) => (text === "" ? null : text);
  return {
    loginUrl: texts.loginUrl,
    logoutUrl: orNull(texts.logoutUrl),
    nameIdFormat: texts.nameIdFormat,
    requestBinding: texts.requestBinding,
    certificates: [...kept, ...(fields.certificates === "" ? [] : [fields.certificates])],
    jit: { enabled: checks["jit.enabled"], groupId: orNull(texts["jit.groupId"]) },
    idpEntityId: orNull(texts.idpEntityId),
    signAuthnRequests: checks.signAuthnRequests,
    wantEncryptedAssertions: checks.wantEncryptedAssertions,
    allowIdpInitiated: checks.allowIdpInitiated,
    forceAuthn: checks.forceAuthn,
    requestedAuthnContext: texts.requestedAuthnContext.split(/\s+/).filter((one) => one !== ""),
    clockSkewSeconds: /^\d{1,6}$/.test(texts.clockSkewSeconds)
      ? Number(texts.clockSkewSeconds)
      : texts.clockSkewSeconds,
    allowSha1: checks.allowSha1,
    attributeMapping: {
      email: orNull(texts["attributeMapping.email"]),
      firstName: orNull(texts["attributeMapping.firstName"]),
      lastName: orNull(texts["attributeMapping.lastName"]),
      userKey: orNull(texts["attributeMapping.userKey"]),
    },
    groupMapping: fields.mappings
      .filter(({ claim, value, groupId }) => claim !== "" || value !== "" || groupId !== "")
      .map(({ claim, value, groupId }) => ({ claim, value, groupId })),
  };
}

/** REST names the list and its members; the form has one field for all new certificates, one for all contexts. */
export function fieldOfPath(path: string): string {
  for (const name of ["certificates", "requestedAuthnContext"]) if (path.startsWith(`${name}.`)) return name;
  return path;
}

/** Label, before, after. */
export type Difference = readonly [string, string, string];

/** Where the two differ. Mappings are compared as a whole; certificates are not. `titleOf` a permission group. */
export function differencesOf(
  stored: SettingsFields,
  typed: SettingsFields,
  titleOf = (groupId: string) => groupId,
): Difference[] {
  const onOff = (value: boolean) => (value ? "on" : "off");
  const text = ({ texts }: SettingsFields, name: TextName) =>
    name === "jit.groupId" ? titleOf(texts[name]) : texts[name];
  const texts = Object.entries(TEXT_FIELDS).map(
    ([name, label]) => [label, text(stored, name as TextName), text(typed, name as TextName)] as const,
  );
  const checks = Object.entries(CHECK_FIELDS).map(
    ([name, label]) =>
      [label, onOff(stored.checks[name as CheckName]), onOff(typed.checks[name as CheckName])] as const,
  );
  const rows = (fields: SettingsFields) =>
    inOrder(fields.mappings)
      .map(({ claim, value, groupId }) => `${claim} = ${value} → ${titleOf(groupId)}`)
      .join("; ");
  return [...texts, ...checks, ["Group mapping", rows(stored), rows(typed)] as const].filter(([, a, b]) => a !== b);
}
