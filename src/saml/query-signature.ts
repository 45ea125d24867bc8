/**
 * Verifying the signature of the Redirect binding (SAML Bindings 3.4.4.1): over the raw query as received, because encoders
 * differ in what they escape and how. What the message says is read by others, from the same raw parameters.
 */
import { decodeBase64Binary } from "./base64.ts";
import { accept, type Result, refuse } from "./refusal.ts";
import { signatureAlgorithm } from "./signature-algorithms.ts";
import { checkSignatureAlgorithm } from "./signature-profile.ts";
import { findSigner, type SignatureTrust } from "./signature-signer.ts";
import { SAML_MESSAGE_BASE64_CHARS_MAX } from "./terms.ts";

/** A deflated message, percent-encoded at worst throughout; servers stop long before. */
const QUERY_CHARS_MAX = 3 * SAML_MESSAGE_BASE64_CHARS_MAX;

const PARAMETERS = ["SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature"] as const;
type Parameter = (typeof PARAMETERS)[number];

/**
 * Whether a pinned key signed the query: `rawQuery` is what stands after "?" in the request line, nothing decoded. Exactly one of
 * SAMLRequest and SAMLResponse, at most one RelayState, one SigAlg, one Signature; other parameters are not signed and not looked at.
 *
 * Refuses with certificate_missing, message_too_large, message_missing, signature_missing, signature_malformed,
 * signature_algorithm or signature_invalid.
 */
export async function verifyQuery(
  rawQuery: string,
  trust: SignatureTrust,
): Promise<Result<{ certificateSha256: string; signatureAlgorithm: string }>> {
  if (trust.certificates.length === 0)
    return refuse("certificate_missing", { expected: "a certificate to verify with" });
  if (rawQuery.length > QUERY_CHARS_MAX) return refuse("message_too_large");
  const parameters = readParameters(rawQuery);
  if (!parameters.ok) return parameters;
  const raw = parameters.value;
  const message = raw.has("SAMLRequest") ? "SAMLRequest" : "SAMLResponse";
  if (!raw.has(message)) return refuse("message_missing", { expected: "SAMLRequest or SAMLResponse" });
  if (raw.has("SAMLRequest") && raw.has("SAMLResponse")) return malformed("SAMLRequest or SAMLResponse, not both");
  const rawAlgorithm = raw.get("SigAlg");
  const rawSignature = raw.get("Signature");
  if (!rawAlgorithm || !rawSignature) return refuse("signature_missing", { expected: "SigAlg and Signature" });
  const algorithm = percentDecoded(rawAlgorithm);
  if (algorithm === null) return malformed("SigAlg, percent-encoded");
  const algorithmRefusal = checkSignatureAlgorithm(algorithm, trust.allowSha1);
  if (algorithmRefusal) return algorithmRefusal;
  const signatureValue = decodeBase64Binary(percentDecoded(rawSignature) ?? "");
  if (!signatureValue) return malformed("Signature in base64, percent-encoded");

  const signedNames: Parameter[] = raw.has("RelayState") ? [message, "RelayState", "SigAlg"] : [message, "SigAlg"];
  const octets = new TextEncoder().encode(signedNames.map((name) => `${name}=${raw.get(name)}`).join("&"));
  const claim = { signatureAlgorithm: algorithm, signatureValue, certificateHint: null };
  const signer = await findSigner(trust.certificates, claim, (key) =>
    crypto.subtle.verify(signatureAlgorithm(algorithm).parameters, key, signatureValue, octets),
  );
  return signer.ok ? accept({ certificateSha256: signer.value.sha256, signatureAlgorithm: algorithm }) : signer;
}

/** The raw value of each parameter of the binding. A name that is escaped or stands twice would let two readers see two messages. */
function readParameters(rawQuery: string): Result<Map<Parameter, string>> {
  const raw = new Map<Parameter, string>();
  for (const pair of rawQuery.split("&")) {
    const equals = pair.indexOf("=");
    const rawName = equals < 0 ? pair : pair.slice(0, equals);
    const name = PARAMETERS.find((parameter) => parameter === percentDecoded(rawName));
    if (name === undefined) continue;
    if (rawName !== name || equals < 0) return malformed(`the parameter name ${name}, written plainly`, rawName);
    if (raw.has(name)) return malformed(`${name} once`, `${name} twice`);
    raw.set(name, pair.slice(equals + 1));
  }
  return accept(raw);
}

function percentDecoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function malformed(expected: string, received?: string): ReturnType<typeof refuse> {
  return refuse("signature_malformed", received === undefined ? { expected } : { expected, received });
}
