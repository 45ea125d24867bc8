/** samlify with metadata of both sides. Its schema validator, which it demands, does nothing: it can only get faster by that. */
import { IdentityProvider, ServiceProvider, setSchemaValidator } from "samlify";
import type { Prepare } from "./contender.ts";
import { pemOf } from "./material.ts";

const POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

export const prepare: Prepare = async ({ sp, idp }) => {
  setSchemaValidator({ validate: () => Promise.resolve("not validated") });
  return (message) => {
    const identityProvider = IdentityProvider({
      entityID: idp.entityId,
      signingCert: pemOf("CERTIFICATE", idp.certificate),
      singleSignOnService: [{ Binding: POST, Location: "https://idp.example/saml2" }],
      isAssertionEncrypted: message.encrypted,
      messageSigningOrder: "sign-then-encrypt",
    });
    const serviceProvider = ServiceProvider({
      entityID: sp.entityId,
      wantAssertionsSigned: message.sign !== "response",
      assertionConsumerService: [{ Binding: POST, Location: sp.acsUrl }],
      clockDrifts: [-180_000, 180_000],
      ...(message.encrypted
        ? { encPrivateKey: pemOf("PRIVATE KEY", sp.decryptionKey), encryptCert: pemOf("CERTIFICATE", sp.certificate) }
        : {}),
    });
    return async (samlResponse) => {
      const { extract } = await serviceProvider.parseLoginResponse(identityProvider, "post", {
        body: { SAMLResponse: samlResponse },
      });
      return String(extract.nameID);
    };
  };
};
