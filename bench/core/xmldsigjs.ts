/** xmldsigjs over xmldom as its documentation shows it, with the pinned key. */
import { DOMParser, XMLSerializer } from "@xmldom/xmldom";
import { setNodeDependencies } from "xml-core";
import { Application, SignedXml } from "xmldsigjs";
import * as xpath from "xpath";
import type { Prepare } from "./contender.ts";
import { fromBase64, parse, readClaims, signatures } from "./dom.ts";

export const prepare: Prepare = async ({ idp }) => {
  setNodeDependencies({ DOMParser, XMLSerializer, xpath });
  Application.setEngine("WebCrypto", crypto);
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("spki", Buffer.from(idp.spki, "base64"), algorithm, true, ["verify"]);
  return (message) => {
    if (message.encrypted) return null;
    return async (samlResponse) => {
      const document = parse(fromBase64(samlResponse));
      for (const signature of signatures(document)) {
        const verifier = new SignedXml(document as never);
        verifier.LoadXml(signature as never);
        if (!(await verifier.Verify(key))) throw new Error("signature");
      }
      return readClaims(document);
    };
  };
};
