/**
 * Owns the AuthnRequest (SAML Core 3.4.1, Profiles 4.1.4.1), in the shape that Entra takes and others take too.
 * SPNameQualifier, Subject and Scoping are never sent: Entra refuses them.
 */
import { isIdentifier } from "./identifier.ts";
import { BINDING, NAME_ID_FORMAT, NS } from "./terms.ts";
import { writeTime } from "./time.ts";
import { writeAttributes, writeTextElement } from "./xml-writer.ts";

export interface AuthnRequestParts {
  /** An NCName, so never with a digit first (SAML Core 1.3.4). */
  readonly id: string;
  /** UTC milliseconds. */
  readonly issueInstant: number;
  /** The identity provider's SingleSignOnService URL. */
  readonly destination: string;
  readonly spEntityId: string;
  readonly acsUrl: string;
  /** A name identifier format URN; "" asks for none (Entra refuses an empty Format). */
  readonly nameIdFormat: string;
  readonly forceAuthn: boolean;
  readonly isPassive?: boolean;
  /** AuthnContextClassRefs, compared exactly; empty asks for none. */
  readonly requestedAuthnContext: readonly string[];
}

/** The unsigned AuthnRequest as XML text. An ID that is not an NCName is a bug of the caller and throws. */
export function buildAuthnRequest(r: AuthnRequestParts): string {
  if (!isIdentifier(r.id)) throw new Error("An AuthnRequest's ID must be an NCName");
  const attributes = writeAttributes({
    "xmlns:samlp": NS.samlp,
    "xmlns:saml": NS.saml,
    ID: r.id,
    Version: "2.0",
    IssueInstant: writeTime(r.issueInstant),
    Destination: r.destination,
    // Defaults are left unsaid: some receivers take any value of a boolean for true.
    ForceAuthn: r.forceAuthn ? "true" : null,
    IsPassive: r.isPassive ? "true" : null,
    ProtocolBinding: BINDING.post,
    AssertionConsumerServiceURL: r.acsUrl,
  });
  return `<samlp:AuthnRequest${attributes}>${writeTextElement("saml:Issuer", r.spEntityId)}${nameIdPolicy(
    r.nameIdFormat,
  )}${requestedAuthnContext(r.requestedAuthnContext)}</samlp:AuthnRequest>`;
}

/** SAML Core 3.4.1.1: AllowCreate says nothing where the identifier is transient, and should not be sent there. */
function nameIdPolicy(format: string): string {
  if (format === "") return "";
  const allowCreate = format === NAME_ID_FORMAT.transient ? null : "true";
  return `<samlp:NameIDPolicy${writeAttributes({ Format: format, AllowCreate: allowCreate })}/>`;
}

function requestedAuthnContext(classRefs: readonly string[]): string {
  if (classRefs.length === 0) return "";
  const list = classRefs.map((classRef) => writeTextElement("saml:AuthnContextClassRef", classRef)).join("");
  return `<samlp:RequestedAuthnContext Comparison="exact">${list}</samlp:RequestedAuthnContext>`;
}
