/**
 * The pipeline from the form field to verified claims: a flat list of steps, each of which refuses or hands its result on.
 * Pure: no clock, no network, no store. Which request was answered, and whether the assertion was used before, is the caller's to
 * decide, atomically (SAML Profiles 4.1.4.5).
 */
import { decideAssertion } from "./assertion.ts";
import { proveAssertion, proveEncryptedAssertion, verifySignatures } from "./assertion-proof.ts";
import { decodePostMessage } from "./bindings.ts";
import { CheckList } from "./checks.ts";
import { checkEnvelope, readEnvelope } from "./envelope.ts";
import { LentOctets } from "./lent-octets.ts";
import { type ResponseShape, readResponseShape } from "./response-shape.ts";
import type { ResponseDecision, ResponseExpectations, ResponseStatus } from "./types.ts";
import { readXml } from "./xml.ts";

/**
 * Decides on a SAMLResponse form field (SAML Bindings 3.5, Profiles 4.1.4.3). Never throws on what a sender can write.
 *
 * Claims come only from bytes that a pinned key signed. A Response around them that is not signed itself can refuse the
 * message (Status, Destination, Issuer, InResponseTo), and adds nothing.
 *
 * `checks` lists every check in the order it was made; `refusal` is the first that failed. `status` is what the identity provider
 * says, verified or not, for people to read.
 */
export async function decideResponse(
  samlResponse: string,
  expectations: ResponseExpectations,
): Promise<ResponseDecision> {
  const checks = new CheckList();
  const shape = receive(checks, samlResponse);
  if (!shape) return refused(checks, null);
  const received = readEnvelope(shape.response);
  const proofs = await verifySignatures(checks, shape, expectations);
  if (!proofs) return refused(checks, received.status);
  // A signed Response is read again from its signed bytes; of an unsigned one the copy made above is all that is looked at.
  const envelope = proofs.response ? readEnvelope(proofs.response.element) : received;
  if (!checkEnvelope(checks, envelope, proofs.response !== null, expectations)) return refused(checks, envelope.status);
  const { encryptedAssertion } = shape;
  const proof = encryptedAssertion
    ? await proveEncryptedAssertion(checks, encryptedAssertion, proofs, expectations)
    : proveAssertion(checks, shape, proofs, expectations);
  if (!proof) return refused(checks, envelope.status);
  const assertion = await decideAssertion(checks, proof, envelope, expectations);
  if (!assertion || checks.refusal) return refused(checks, envelope.status);
  return { ok: true, assertion, checks: checks.all };
}

const lent = new LentOctets();

/** From the form field to the parts of a Response that must be verified. Not async: the octets are read before anything else runs. */
function receive(checks: CheckList, samlResponse: string): ResponseShape | null {
  const decoded = checks.settle("message", decodePostMessage(samlResponse, lent.room));
  const document = decoded && checks.settle("xml", readXml(decoded));
  return document && checks.settle("structure", readResponseShape(document.root));
}

function refused(checks: CheckList, status: ResponseStatus | null): ResponseDecision {
  const { refusal } = checks;
  if (!refusal) throw new Error("A response was refused without a reason");
  return { ok: false, refusal, checks: checks.all, status };
}
