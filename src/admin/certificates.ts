/** The identity provider's certificates as the API takes and shows them. What is kept is the DER in base64. */
import * as z from "zod/mini";
import { CERTIFICATES_MAX, type Certificate, readCertificates } from "../saml/index.ts";
import { readOnly, time, timeText } from "./fields.ts";
import { type Answer, answer, type FieldError, invalid } from "./problems.ts";

const TEXT_CHARS_MAX = 131_072;
const PEM_LINE_CHARS = 64;

export const certificateView = z.object({
  pem: z.string(),
  subject: z.string(),
  sha256: z.string().check(z.meta({ description: "SHA-256 of the certificate, lower-case hex" })),
  notBefore: time,
  notAfter: time,
});

const text = z.string().check(z.minLength(1), z.maxLength(TEXT_CHARS_MAX));

/** PEM or bare base64, or the object that was shown for one. */
export const certificateInput = z.union(
  [text, z.strictObject({ pem: text, subject: readOnly, sha256: readOnly, notBefore: readOnly, notAfter: readOnly })],
  { error: "Must be a certificate: PEM or bare base64" },
);

export const certificatesInput = z
  .array(certificateInput)
  .check(
    z.minLength(1, "At least one certificate is needed: without it no sign-in can be verified"),
    z.maxLength(CERTIFICATES_MAX),
  );

/** The certificates, each once, in the order given. One text may hold several. */
export function readCertificateInputs(inputs: z.infer<typeof certificatesInput>): Answer<Certificate[]> {
  const errors: FieldError[] = [];
  const bySha256 = new Map<string, Certificate>();
  for (const [index, input] of inputs.entries()) {
    const read = readCertificates(typeof input === "string" ? input : input.pem);
    if (!read.ok) errors.push({ path: `certificates.${index}`, message: read.problem.message });
    else for (const certificate of read.value) bySha256.set(certificate.sha256, certificate);
  }
  if (bySha256.size > CERTIFICATES_MAX) {
    errors.push({ path: "certificates", message: `At most ${CERTIFICATES_MAX} certificates can be used at once` });
  }
  return errors.length > 0 ? invalid(errors) : answer([...bySha256.values()]);
}

export function viewCertificate(certificate: Certificate): z.infer<typeof certificateView> {
  const { base64, subject, sha256, notBefore, notAfter } = certificate;
  return { pem: pemOf(base64), subject, sha256, notBefore: timeText(notBefore), notAfter: timeText(notAfter) };
}

export function pemOf(base64: string): string {
  const lines = base64.match(new RegExp(`.{1,${PEM_LINE_CHARS}}`, "g")) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}
