/** @node-saml/node-saml as its documentation tells to set it up: key, issuer, audience, and what must be signed. */
import { SAML } from "@node-saml/node-saml";
import type { Prepare } from "./contender.ts";
import { pemOf } from "./material.ts";

export const prepare: Prepare = async ({ sp, idp }) => {
  return (message) => {
    const saml = new SAML({
      callbackUrl: sp.acsUrl,
      issuer: sp.entityId,
      audience: sp.entityId,
      idpIssuer: idp.entityId,
      idpCert: pemOf("CERTIFICATE", idp.certificate),
      wantAuthnResponseSigned: message.sign !== "assertion",
      wantAssertionsSigned: message.sign !== "response",
      acceptedClockSkewMs: 180_000,
      ...(message.encrypted ? { decryptionPvk: pemOf("PRIVATE KEY", sp.decryptionKey) } : {}),
    });
    return async (samlResponse) => {
      const { profile } = await saml.validatePostResponseAsync({ SAMLResponse: samlResponse });
      if (!profile) throw new Error("no profile");
      return profile.nameID;
    };
  };
};
