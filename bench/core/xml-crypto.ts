/** xml-crypto over xmldom: parse, check each signature with the pinned key, read the claims from what it says was signed. */
import { createPublicKey } from "node:crypto";
import { SignedXml } from "xml-crypto";
import type { Prepare } from "./contender.ts";
import { fromBase64, parse, readClaims, signatures } from "./dom.ts";

export const prepare: Prepare = async ({ idp }) => {
  const publicCert = createPublicKey({ key: Buffer.from(idp.spki, "base64"), format: "der", type: "spki" });
  return (message) => {
    if (message.encrypted) return null;
    return async (samlResponse) => {
      const xml = fromBase64(samlResponse);
      let signed = "";
      for (const signature of signatures(parse(xml))) {
        const verifier = new SignedXml({ publicCert, getCertFromKeyInfo: () => null });
        verifier.loadSignature(signature as unknown as Node);
        if (!verifier.checkSignature(xml)) throw new Error("signature");
        signed = verifier.getSignedReferences()[0] ?? "";
      }
      return readClaims(parse(signed));
    };
  };
};
