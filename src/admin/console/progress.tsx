/** How far a company has come on the way that the tutorial leads: its steps in order, which are done and which is next. */
import type { FC } from "hono/jsx";
import { type Group, type SignInRecord, searchSignIns } from "../../store/index.ts";
import type { Tenant } from "../../tenant/index.ts";
import type { Visit } from "./console.ts";
import { GROUPS_PATH, SETTINGS_PATH, SETUP_PATH } from "./paths.ts";

const SIGN_INS_LOOKED_AT = 20;

export interface Step {
  readonly state: "done" | "next" | "later";
  readonly href: string;
  readonly text: string;
}

/** A password has no audience: an administrator who came by one has tried nothing yet. */
const bySingleSignOn = ({ checks }: SignInRecord) => checks.some(({ name }) => name === "audience");

/** Our values at the provider can't be seen from here: they are taken for entered when what comes back is. */
export async function stepsOf(visit: Visit, { saml }: Tenant, groups: readonly Group[]): Promise<Step[]> {
  const { database } = visit.services;
  const page = { after: null, limit: SIGN_INS_LOOKED_AT };
  const signedIn = await searchSignIns(database, visit.tenant.company.id, { outcome: "success" }, page);
  const steps = [
    [groups.some(({ type }) => type === "member"), `${GROUPS_PATH}/new`, "Create a permission group for your people"],
    [saml !== null, SETUP_PATH, "Enter our values at your identity provider"],
    [saml !== null, SETTINGS_PATH, "Enter its Login URL and certificate here"],
    [signedIn.some(bySingleSignOn), "/sso/login", "Sign in once to try it"],
  ] as const;
  const next = steps.findIndex(([done]) => !done);
  return steps.map(([done, href, text], index) => ({
    state: done ? "done" : index === next ? "next" : "later",
    href,
    text,
  }));
}

export const StepBadge: FC<{ step: Step | undefined }> = ({ step }) =>
  step === undefined || step.state === "later" ? null : (
    <span class={step.state === "done" ? "badge good" : "badge warn"}>{step.state === "done" ? "Done" : "Next"}</span>
  );
