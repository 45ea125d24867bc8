/**
 * Which namespace a prefix stands for, here and now (Namespaces in XML 1.0). Every distinct prefix of a document has a slot;
 * a slot holds its present binding, so that looking one up costs the same however many are in scope.
 */
import { NS } from "./terms.ts";
import type { XmlSource } from "./xml-source.ts";

/** The slots that every document has. */
export const NO_PREFIX = 0;
export const XMLNS_PREFIX = 2;

/** Up to this many prefixes are compared one by one; beyond, a Map is faster and keeps hostile documents linear. */
const COMPARED_PREFIXES_MAX = 12;

/**
 * A scheme, a colon, and the characters of RFC 3986 but "&": Namespaces in XML 1.0, 2 wants a URI, and Canonical XML 1.0, 1.3 has
 * no form for relative ones. So nothing can stand here that has to be escaped where it is written.
 */
const ABSOLUTE_URI = /^[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#[\]@!$'()*+,;=%-]*$/;
/** The namespaces of SAML, which need no test; the one string for each makes comparisons quick. */
const KNOWN_URIS: readonly string[] = [NS.saml, NS.samlp, NS.ds, NS.xenc, NS.ec, NS.md];

/** The one string that stands for this URI in every document, where it is one of those. */
export function knownUri(uri: string): string | null {
  for (const known of KNOWN_URIS) if (known === uri) return known;
  return null;
}

export class NamespaceScope {
  readonly prefixes: string[] = ["", "xml", "xmlns"];
  /** The URI that each slot is bound to; null is unbound. */
  readonly uris: (string | null)[] = ["", NS.xml, null];
  /** The element (by number, from 1) whose start tag bound the slot last: two declarations in one tag are a duplicate. */
  private readonly boundBy: number[] = [0, 0, 0];
  /** What each slot was bound to last, even when that has ended: many messages declare the same again for every value. */
  readonly lastUris: (string | null)[] = [null, null, null];
  private readonly undoSlots: number[] = [];
  private readonly undoUris: (string | null)[] = [];
  private slots: Map<string, number> | null = null;

  /** The slot of the prefix that stands at [start, end). */
  slot(source: XmlSource, start: number, end: number): number {
    if (this.slots !== null) {
      const prefix = source.text.slice(start, end);
      return this.slots.get(prefix) ?? this.newSlot(prefix);
    }
    const { prefixes } = this;
    const { units } = source;
    const size = end - start;
    next: for (let slot = prefixes.length - 1; slot > NO_PREFIX; slot--) {
      const prefix = prefixes[slot] as string;
      if (prefix.length !== size) continue;
      for (let k = 0; k < size; k++) if (units[start + k] !== prefix.charCodeAt(k)) continue next;
      return slot;
    }
    return this.newSlot(source.text.slice(start, end));
  }

  private newSlot(prefix: string): number {
    const slot = this.prefixes.length;
    this.prefixes.push(prefix);
    this.uris.push(null);
    this.boundBy.push(0);
    this.lastUris.push(null);
    if (this.slots !== null) this.slots.set(prefix, slot);
    else if (slot >= COMPARED_PREFIXES_MAX) this.slots = new Map(this.prefixes.map((known, index) => [known, index]));
    return slot;
  }

  isBoundBy(slot: number, elementNumber: number): boolean {
    return this.boundBy[slot] === elementNumber;
  }

  bind(slot: number, uri: string, elementNumber: number): void {
    this.undoSlots.push(slot);
    this.undoUris.push(this.uris[slot] as string | null);
    this.uris[slot] = uri;
    this.lastUris[slot] = uri;
    this.boundBy[slot] = elementNumber;
  }

  /** Takes back the last `count` bindings: their element has ended. */
  unbind(count: number): void {
    for (let k = 0; k < count; k++) this.uris[this.undoSlots.pop() as number] = this.undoUris.pop() as string | null;
  }
}

/**
 * What would have been right in place of a declaration, or null when it is right. Namespaces in XML 1.0, 3 (reserved prefixes and
 * names) and 5 (undeclaring); beyond those, no prefix and no URI that a careless canonicaliser elsewhere could take for something else.
 */
export function declarationProblem(prefix: string, uri: string): string | null {
  if (prefix === "xmlns") return "no declaration of the prefix xmlns";
  if (uri === NS.xmlns) return "no prefix bound to the namespace of declarations";
  if ((prefix === "xml") !== (uri === NS.xml)) return "the prefix xml and its namespace bound to one another only";
  if (uri === "") return prefix === "" ? null : "a namespace URI for a prefix";
  if (knownUri(uri) === null && !ABSOLUTE_URI.test(uri)) return "an absolute URI for a namespace";
  for (let i = 0; i < prefix.length; i++) if (prefix.charCodeAt(i) >= 0x80) return "a prefix of ASCII characters";
  return prefix.includes("xmlns") ? "no prefix that contains xmlns" : null;
}
