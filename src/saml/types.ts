/**
 * The shapes that the steps of the protocol core hand to one another. Names are those of SAML Core, XML-DSig and XML Infoset.
 */
import type { Check, SamlRefusal } from "./refusal.ts";

/** A namespace declaration as written: prefix "" is the default namespace; uri "" undeclares it. */
export interface XmlNamespaceDeclaration {
  readonly prefix: string;
  readonly uri: string;
}

/** An attribute that is not a namespace declaration. `namespaceURI` is "" without a prefix. `value` is normalised (XML 1.0, 3.3.3). */
export interface XmlAttribute {
  readonly prefix: string;
  readonly localName: string;
  readonly namespaceURI: string;
  readonly value: string;
}

export interface XmlText {
  readonly kind: "text";
  /** Text and CDATA, references resolved, line ends normalised. Adjacent runs are one node. */
  readonly value: string;
}

export interface XmlComment {
  readonly kind: "comment";
  readonly value: string;
}

export interface XmlElement {
  readonly kind: "element";
  readonly prefix: string;
  readonly localName: string;
  readonly namespaceURI: string;
  readonly namespaces: readonly XmlNamespaceDeclaration[];
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly XmlNode[];
  readonly parent: XmlElement | null;
  /** The text that the element stands in, from there to there. Only the canonicaliser looks at it. */
  readonly source: string;
  readonly from: number;
  readonly end: number;
  /** Whether canonical forms write the element, below a parent that they write, as it stands in its text (Canonical XML 1.0, 1.1). */
  readonly isCanonical: boolean;
}

export type XmlNode = XmlElement | XmlText | XmlComment;

/** A document the strict reader accepted. No value of an identifying attribute stands in it twice. */
export interface XmlDocument {
  readonly root: XmlElement;
}

/** A certificate that the company pinned. Its key is what counts; dates and names are for people. */
export interface Certificate {
  /** DER in base64, one line. */
  readonly base64: string;
  readonly subject: string;
  readonly issuer: string;
  /** SHA-256 of the DER, lower-case hex, no separators. */
  readonly sha256: string;
  /** UTC milliseconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly key:
    | { readonly type: "RSA"; readonly bits: number }
    | { readonly type: "EC"; readonly curve: "P-256" | "P-384" | "P-521" };
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
}

/** The element that a valid signature covers, read again from exactly the bytes that were digested. */
export interface VerifiedElement {
  readonly element: XmlElement;
  /** Fingerprint of the pinned certificate whose key verified. */
  readonly certificateSha256: string;
  readonly signatureAlgorithm: string;
}

export interface NameID {
  readonly value: string;
  readonly format: string | null;
  readonly nameQualifier: string | null;
  readonly spNameQualifier: string | null;
}

/** What one company expects of a Response. Everything comes from its own record; nothing from the message. */
export interface ResponseExpectations {
  /** UTC milliseconds. */
  readonly now: number;
  readonly clockSkewSeconds: number;
  /** Our Entity ID for this company. */
  readonly spEntityId: string;
  /** Our AssertionConsumerService URL for this company. */
  readonly acsUrl: string;
  /** The Issuer to demand; null accepts whatever the pinned key signed (an administrator who pasted a certificate has none). */
  readonly idpEntityIds: readonly string[] | null;
  readonly certificates: readonly Certificate[];
  /** SHA-1 signatures and digests pass only where a company's settings say so. */
  readonly allowSha1: boolean;
  readonly wantEncryptedAssertions: boolean;
  /** The company's decryption keys (RSA private keys, newest first); empty refuses EncryptedAssertion. */
  readonly decryptionKeys: readonly CryptoKey[];
  readonly allowIdpInitiated: boolean;
  /** Set when the request asked for ForceAuthn: AuthnInstant must not be older than this (UTC milliseconds). */
  readonly authnInstantNotBefore: number | null;
  /** AuthnContextClassRefs that the request named, comparison "exact"; empty demands nothing. */
  readonly requestedAuthnContext: readonly string[];
}

declare const verified: unique symbol;

/** Claims that a pinned key signed and every check of the profile passed. Only the core can make one. */
export interface VerifiedAssertion {
  readonly [verified]: true;
  readonly id: string;
  readonly issuer: string;
  readonly issueInstant: number;
  readonly nameID: NameID;
  /** Attribute values by exact Name, in document order. */
  readonly attributes: ReadonlyMap<string, readonly string[]>;
  /** The request this answers, as the signed SubjectConfirmationData says; null for an unsolicited response. */
  readonly inResponseTo: string | null;
  /** Until when the assertion could be presented again (skew included): how long its use must be remembered. */
  readonly notOnOrAfter: number;
  readonly sessionIndex: string | null;
  readonly authnInstant: number;
  readonly authnContextClassRef: string | null;
  readonly sessionNotOnOrAfter: number | null;
  readonly certificateSha256: string;
  readonly signatureAlgorithm: string;
}

/** What an IdP said when it did not sign the person in. SAML Core 3.2.2. Unverified unless the Response was signed: for people to read only. */
export interface ResponseStatus {
  readonly codes: readonly string[];
  readonly message: string | null;
}

/** The whole outcome of reading a Response: the ordered checks in either case. */
export type ResponseDecision =
  | { readonly ok: true; readonly assertion: VerifiedAssertion; readonly checks: readonly Check[] }
  | {
      readonly ok: false;
      readonly refusal: SamlRefusal;
      readonly checks: readonly Check[];
      readonly status: ResponseStatus | null;
    };
