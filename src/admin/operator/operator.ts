/** What every page of the operator's console is given: who looks at it, and its addresses. No behaviour. */
import type { Context } from "hono";
import type { AppEnv, Services } from "../../context.ts";
import type { Actor } from "../actor.ts";
import type { Posted } from "../frame/index.ts";

/** The operator, looking at a page. */
export interface OperatorVisit {
  readonly services: Services;
  readonly actor: Actor;
  readonly formToken: string;
  /** What the change before this page did, as a sentence; null when nothing was done. */
  readonly done: string | null;
}

export type OperatorEnv = {
  Bindings: AppEnv["Bindings"];
  Variables: AppEnv["Variables"] & { visit: OperatorVisit; posted: Posted };
};
export type OperatorContext = Context<OperatorEnv>;

export const CONSOLE_NAME = "Vestibule operator";
export const COMPANIES_PATH = "/companies";
export const NEW_COMPANY_PATH = "/new-company";
export const AUDIT_PATH = "/audit";
export const SIGN_IN_PATH = "/sign-in";
export const SIGN_OUT_PATH = "/sign-out";

/** A page of one company. A slug that isn't there may be any text. */
export function companyPath(slug: string, page = ""): string {
  return `${COMPANIES_PATH}/${encodeURIComponent(slug)}${page}`;
}
