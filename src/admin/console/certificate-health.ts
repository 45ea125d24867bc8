/** When an administrator is warned of a certificate's end. Entra goes on signing with an expired one, so nothing is refused for it. */
const DAY_MS = 86_400_000;
/** Days before the end at which the words change. */
const DAYS = [60, 30, 7] as const;

export interface CertificateHealth {
  readonly tone: "good" | "warn" | "bad";
  readonly label: string;
  /** Null when there is nothing to do. */
  readonly advice: string | null;
}

export function certificateHealth(
  certificate: { notBefore: number; notAfter: number },
  now: number,
): CertificateHealth {
  const days = Math.floor((certificate.notAfter - now) / DAY_MS);
  if (now >= certificate.notAfter) {
    return {
      tone: "bad",
      label: "Expired",
      advice: "This certificate has expired. Sign-ins made with it are still accepted: add the next one now.",
    };
  }
  if (now < certificate.notBefore) return { tone: "good", label: "Not valid yet", advice: null };
  const left = days === 0 ? "Ends today" : days === 1 ? "Ends tomorrow" : `Ends in ${days} days`;
  if (days < DAYS[2]) {
    return { tone: "bad", label: left, advice: "Add the provider’s next certificate now; both are then accepted." };
  }
  if (days < DAYS[1]) {
    return { tone: "warn", label: left, advice: "Create the next certificate at the provider and add it here." };
  }
  if (days < DAYS[0]) return { tone: "warn", label: left, advice: "Plan its replacement: two may stand here at once." };
  return { tone: "good", label: "Valid", advice: null };
}

export function fingerprint(sha256: string): string {
  return (sha256.toUpperCase().match(/../g) ?? []).join(":");
}
