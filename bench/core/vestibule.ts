/** Our own core. */
import {
  decideResponse,
  importDecryptionKey,
  type ResponseExpectations,
  readCertificates,
} from "../../src/saml/index.ts";
import type { Prepare } from "./contender.ts";

export const prepare: Prepare = async ({ sp, idp, now }) => {
  const certificates = readCertificates(idp.certificate);
  if (!certificates.ok) throw new Error("the certificate does not read");
  const expectations: ResponseExpectations = {
    now,
    clockSkewSeconds: 180,
    spEntityId: sp.entityId,
    acsUrl: sp.acsUrl,
    idpEntityIds: [idp.entityId],
    certificates: certificates.value,
    allowSha1: false,
    wantEncryptedAssertions: false,
    decryptionKeys: [],
    allowIdpInitiated: false,
    authnInstantNotBefore: null,
    requestedAuthnContext: [],
  };
  const key = await importDecryptionKey(Uint8Array.from(Buffer.from(sp.decryptionKey, "base64")));
  const encrypted = { ...expectations, wantEncryptedAssertions: true, decryptionKeys: [key] };
  return (message) => async (samlResponse) => {
    const decision = await decideResponse(samlResponse, message.encrypted ? encrypted : expectations);
    if (!decision.ok) throw new Error(decision.refusal.code);
    return decision.assertion.nameID.value;
  };
};
