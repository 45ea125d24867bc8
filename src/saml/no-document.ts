/**
 * Stands in the Worker where xmldsigjs keeps what it does with a document (scripts/build.ts): its transforms with their canonicaliser,
 * its reading of KeyInfo, and its own algorithms. This core gives the library no document and registers the algorithms that it allows;
 * what would be reached only by believing a message is not there to be reached.
 */

class Absent {
  constructor() {
    throw new Error("xmldsigjs is given no document");
  }
}

export class XmlDsigBase64Transform extends Absent {}
export class XmlDsigC14NTransform extends Absent {}
export class XmlDsigC14NWithCommentsTransform extends Absent {}
export class XmlDsigEnvelopedSignatureTransform extends Absent {}
export class XmlDsigExcC14NTransform extends Absent {}
export class XmlDsigExcC14NWithCommentsTransform extends Absent {}
export class XmlDsigXPathTransform extends Absent {}

export class KeyInfoX509Data extends Absent {}
export class KeyValue extends Absent {}
export class PssAlgorithmParams extends Absent {}
export class SPKIData extends Absent {}

export const keyValueRegistry = new Map<never, never>();
/** Empty until signature-xmldsig.ts fills it. */
export const algorithmRegistry = new Map<string, unknown>();
