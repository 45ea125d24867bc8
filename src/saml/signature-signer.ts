/**
 * Whose signature it is: which of the pinned certificates' keys made a signature value. The message may suggest an order, never
 * a key. Knows neither XML nor query strings.
 */
import { fingerprintOf } from "./certificate.ts";
import { accept, type Result, refuse } from "./refusal.ts";
import { canBeSignatureBy, publicKeyOf, signatureAlgorithm, signatureOctets } from "./signature-algorithms.ts";
import type { Certificate } from "./types.ts";

/** Which keys count, and how much the company's settings allow. Everything comes from its own record. */
export interface SignatureTrust {
  readonly certificates: readonly Certificate[];
  readonly allowSha1: boolean;
}

/** A signature as found in a message. */
export interface SignatureClaim {
  /** One of SIGNATURE. */
  readonly signatureAlgorithm: string;
  readonly signatureValue: Uint8Array<ArrayBuffer>;
  /** The certificate that the message shows, in base64 as written: it is tried first if it is pinned. */
  readonly certificateHint: string | null;
}

/**
 * The pinned certificate whose key `verify` accepts; keys of another type or size than the signature's are never asked. Refuses with
 * signature_algorithm (no pinned key is of that type) or signature_invalid.
 */
export async function findSigner(
  certificates: readonly Certificate[],
  claim: SignatureClaim,
  verify: (key: CryptoKey) => Promise<boolean>,
): Promise<Result<Certificate>> {
  const { keyType } = signatureAlgorithm(claim.signatureAlgorithm);
  const ofType = certificates.filter((certificate) => certificate.key.type === keyType);
  if (ofType.length === 0) {
    return refuse("signature_algorithm", {
      expected: `an algorithm for the pinned ${certificates[0]?.key.type} key`,
      received: claim.signatureAlgorithm,
    });
  }
  if (ofType.length > 1) {
    const shown = claim.certificateHint?.replace(/\s+/g, "");
    const hinted = ofType.findIndex((certificate) => certificate.base64 === shown);
    if (hinted > 0) ofType.unshift(...ofType.splice(hinted, 1));
  }
  for (const certificate of ofType) {
    if (!canBeSignatureBy(certificate, claim.signatureValue)) continue;
    const key = await publicKeyOf(certificate, claim.signatureAlgorithm);
    if (key && (await verify(key))) return accept(certificate);
  }
  return refuse("signature_invalid", describeMiss(ofType, claim));
}

/** For the administrator: whose certificate the message shows, beside those that are pinned. */
function describeMiss(
  certificates: readonly Certificate[],
  { signatureValue, certificateHint }: SignatureClaim,
): { expected: string; received: string } {
  const pinned = certificates.map(({ sha256 }) => sha256);
  if (!certificates.some((certificate) => canBeSignatureBy(certificate, signatureValue))) {
    const octets = [...new Set(certificates.map(signatureOctets))].join(" or ");
    return {
      expected: `a signature of ${octets} octets by the key of ${pinned.join(", ")}`,
      received: `${signatureValue.length} octets that no such key can have made`,
    };
  }
  const expected = `a signature by the key of ${pinned.join(", ")}`;
  const shown = certificateHint === null ? null : fingerprintOf(certificateHint.replace(/\s+/g, ""));
  if (shown === null) return { expected, received: "a signature by an unknown key" };
  return {
    expected,
    received: pinned.includes(shown)
      ? `${shown}, whose key did not sign this: what is signed was changed`
      : `${shown}, as the message says`,
  };
}
