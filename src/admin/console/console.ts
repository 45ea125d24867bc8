/** What every page of the console is given: who looks at it, and the company that it is about. No behaviour. */
import type { Context } from "hono";
import type { AppEnv, Services } from "../../context.ts";
import type { Session } from "../../session/index.ts";
import type { Tenant } from "../../tenant/index.ts";
import type { Actor } from "../actor.ts";
import type { Posted } from "../frame/index.ts";

/** An administrator of this company, looking at a page of it. */
export interface Visit {
  readonly services: Services;
  readonly tenant: Tenant;
  readonly session: Session;
  readonly actor: Actor;
  /** For the forms of this page; worth nothing in another session. */
  readonly formToken: string;
  /** False when the sign-in is too long ago for a dangerous change. */
  readonly recent: boolean;
  /** Path and query of this page: where a sign-in comes back to. */
  readonly here: string;
  /** A posted form was made for an earlier session of this person: it is shown once more and not acted on. */
  readonly formIsEarlier: boolean;
  /** What the change before this page did, as a sentence; null when nothing was done. */
  readonly done: string | null;
}

export type ConsoleEnv = {
  Bindings: AppEnv["Bindings"];
  Variables: AppEnv["Variables"] & { visit: Visit; posted: Posted };
};
export type ConsoleContext = Context<ConsoleEnv>;

export const CONSOLE_PATH = "/sso/admin";
