/**
 * Whether a draft may be put in force from the console: nobody may lock a company out by settings that were not tried. The rule
 * and its reasons stand in docs/decisions. No I/O.
 */
import type { Group, SamlDraft, SamlSettings, WaysIn } from "../../store/index.ts";
import { testPassed } from "../saml-draft.ts";

export type Guard =
  /** No test is needed: nothing is in force, nobody ever came in by it, or the change can't keep anybody out. */
  | "free"
  /** The test that is needed went well. */
  | "passed"
  /** A test is needed and is not there; this administrator comes in by password all the same and may take it upon themselves. */
  | "confirm"
  /** A test is needed: none of this draft went well yet. */
  | "test"
  /** It went well, and showed nobody who could come back to this console. */
  | "member";

/** Changes of these can't shut out who is let in now; a certificate that is only added can't either. */
const HARMLESS = ["version", "updatedAt", "logoutUrl", "jit", "allowIdpInitiated", "certificates"] as const;

export function decidesSignIn(inForce: SamlSettings, draft: SamlSettings): boolean {
  const names = (Object.keys(inForce) as (keyof SamlSettings)[]).filter(
    (name) => !HARMLESS.some((one) => one === name),
  );
  const changed = names.some((name) => JSON.stringify(inForce[name]) !== JSON.stringify(draft[name]));
  return changed || inForce.certificates.some((certificate) => !draft.certificates.includes(certificate));
}

export function guardOf(inForce: SamlSettings | null, draft: SamlDraft, ways: WaysIn, groups: readonly Group[]): Guard {
  if (inForce === null || !ways.singleSignOn || !decidesSignIn(inForce, draft.settings)) return "free";
  const passed = testPassed(draft);
  const groupId = draft.tested?.result?.groupId;
  const staysAdministrator = groups.some(({ id, type }) => id === groupId && type === "administrator");
  if (passed && (staysAdministrator || ways.local)) return "passed";
  if (ways.local) return "confirm";
  return passed ? "member" : "test";
}
