/**
 * Owns the shape of a received Response: what it is, where signatures may stand, that there is one assertion and where.
 * Believes nothing that the message says; it only points at the elements that must now be verified.
 */
import { isIdentifier } from "./identifier.ts";
import { accept, type Result, refuse, type SamlRefusal } from "./refusal.ts";
import { NS } from "./terms.ts";
import type { XmlElement } from "./types.ts";
import { attributeValue, childElements, childNamed, isElement } from "./xml.ts";

/** The elements of a received Response that later steps verify or decrypt. At most one of the two assertions is there. */
export interface ResponseShape {
  readonly response: XmlElement;
  readonly assertion: XmlElement | null;
  readonly encryptedAssertion: XmlElement | null;
}

/** SAML Core 3.2.2: the children of a Response. */
const RESPONSE_CONTENT: readonly ContentRule[] = [
  { namespaceURI: NS.saml, names: ["Issuer"] },
  { namespaceURI: NS.samlp, names: ["Extensions"] },
  { namespaceURI: NS.samlp, names: ["Status"] },
  { namespaceURI: NS.saml, names: ["Assertion", "EncryptedAssertion"] },
];

/** SAML Core 3.2.2.1, 3.2.2.2. StatusDetail may hold anything, as Extensions may; the others may not. */
const STATUS_CONTENT: readonly ContentRule[] = [
  { namespaceURI: NS.samlp, names: ["StatusCode"] },
  { namespaceURI: NS.samlp, names: ["StatusMessage"] },
  { namespaceURI: NS.samlp, names: ["StatusDetail"] },
];
const STATUS_CODE_CONTENT: readonly ContentRule[] = [{ namespaceURI: NS.samlp, names: ["StatusCode"] }];

/**
 * Finds the parts of a Response. Refuses with message_type, version_unsupported, id_invalid, signature_misplaced,
 * assertion_not_single, assertion_missing (one of another namespace) and schema_invalid. Having no assertion is no refusal here:
 * a Response that reports a failure has none.
 */
export function readResponseShape(root: XmlElement): Result<ResponseShape> {
  if (!isElement(root, NS.samlp, "Response")) {
    return refuse("message_type", { expected: "samlp:Response", received: `{${root.namespaceURI}}${root.localName}` });
  }
  const head = checkVersionAndId(root);
  if (head) return { ok: false, refusal: head };
  const found: XmlElement[] = [];
  const misplaced = inspect(root, (parent) => parent === root || isAssertionOf(root, parent), found);
  if (misplaced) return { ok: false, refusal: misplaced };
  const [only] = found;
  if (found.length > 1 || (only && only.parent !== root)) {
    return refuse("assertion_not_single", {
      expected: "one Assertion or EncryptedAssertion in the whole message, a child of the Response",
      received: found.map(pathOf).join(", "),
    });
  }
  if (only && only.namespaceURI !== NS.saml) {
    return refuse("assertion_missing", { expected: NS.saml, received: `{${only.namespaceURI}}${only.localName}` });
  }
  const content = checkContent(root, RESPONSE_CONTENT) ?? checkStatusContent(root);
  if (content) return { ok: false, refusal: content };
  const isClear = only?.localName === "Assertion";
  return accept({
    response: root,
    assertion: only && isClear ? only : null,
    encryptedAssertion: only && !isClear ? only : null,
  });
}

function checkStatusContent(response: XmlElement): SamlRefusal | null {
  const status = childNamed(response, NS.samlp, "Status");
  if (!status) return { code: "schema_invalid", expected: "one samlp:Status", received: "none" };
  let refusal = checkContent(status, STATUS_CONTENT);
  let code = childElements(status)[0];
  while (!refusal && code && isElement(code, NS.samlp, "StatusCode")) {
    refusal = checkContent(code, STATUS_CODE_CONTENT);
    code = childElements(code)[0];
  }
  return refusal;
}

/**
 * The same demands on the plaintext of an EncryptedAssertion: its own Signature, no other, and no assertion inside it.
 * Returns null when they hold.
 */
export function checkAssertionAlone(assertion: XmlElement): SamlRefusal | null {
  const found: XmlElement[] = [];
  const misplaced = inspect(assertion, (parent) => parent === assertion, found);
  if (misplaced) return misplaced;
  return found.length === 1 ? null : { code: "assertion_not_single", expected: "one Assertion in the plaintext" };
}

/** SAML Core 1.3.4, 2.3.3, 3.2.2: Version and ID, as Response, Assertion and logout messages have them. */
export function checkVersionAndId(element: XmlElement): SamlRefusal | null {
  const version = attributeValue(element, "Version");
  if (version !== "2.0") return { code: "version_unsupported", expected: "2.0", received: version ?? "no Version" };
  const id = attributeValue(element, "ID");
  return isIdentifier(id) ? null : { code: "id_invalid", expected: "an NCName", received: id ?? "no ID" };
}

/**
 * Walks the whole message once, signatures' subtrees included, and collects whatever calls itself an assertion in any namespace.
 * Extensions, Advice, StatusDetail and the like may hold what they want but no signature, no assertion and no Response: nothing
 * genuine may be parked in a place from where a signature could be borrowed.
 */
function inspect(
  element: XmlElement,
  mayHoldSignature: (parent: XmlElement) => boolean,
  found: XmlElement[],
): SamlRefusal | null {
  if (element.localName === "Assertion" || element.localName === "EncryptedAssertion") found.push(element);
  let signatures = 0;
  for (const child of element.children) {
    if (child.kind !== "element") continue;
    if (child.localName === "Signature") {
      signatures++;
      if (child.namespaceURI !== NS.ds || signatures > 1 || !mayHoldSignature(element)) {
        return {
          code: "signature_misplaced",
          expected: "at most one ds:Signature, as child of the Response and of its Assertion",
          received: pathOf(child),
        };
      }
    }
    if (child.localName === "Response") {
      return { code: "schema_invalid", expected: "no Response inside another element", received: pathOf(child) };
    }
    const refusal = inspect(child, mayHoldSignature, found);
    if (refusal) return refusal;
  }
  return null;
}

function isAssertionOf(response: XmlElement, element: XmlElement): boolean {
  return element.parent === response && isElement(element, NS.saml, "Assertion");
}

function pathOf(element: XmlElement): string {
  let path = element.localName;
  for (let at = element.parent; at; at = at.parent) path = `${at.localName}/${path}`;
  return path;
}

/** Children of one place in a schema's sequence. */
export interface ContentRule {
  readonly namespaceURI: string;
  readonly names: readonly string[];
  readonly repeats?: true;
}

/**
 * Holds an element's children against a schema's sequence: known names, in order, once each unless they repeat, no text between.
 * A ds:Signature is passed over wherever it stands: its place is judged above, and its form by the verifier.
 */
export function checkContent(parent: XmlElement, content: readonly ContentRule[]): SamlRefusal | null {
  let place = 0;
  let last = -1;
  for (const child of parent.children) {
    if (child.kind === "comment") continue;
    if (child.kind === "text") {
      if (/[^\t\n\r ]/.test(child.value)) return schemaInvalid(parent, "text");
      continue;
    }
    if (isElement(child, NS.ds, "Signature")) continue;
    while (place < content.length && !admits(content[place] as ContentRule, child)) place++;
    const rule = content[place];
    if (!rule || (last === place && !rule.repeats)) return schemaInvalid(parent, child.localName);
    last = place;
  }
  return null;
}

function admits(rule: ContentRule, element: XmlElement): boolean {
  return element.namespaceURI === rule.namespaceURI && rule.names.includes(element.localName);
}

function schemaInvalid(parent: XmlElement, received: string): SamlRefusal {
  return {
    code: "schema_invalid",
    expected: `the children of ${parent.localName} that the SAML schema names, in its order`,
    received: `${received} in ${parent.localName}`,
  };
}
