/** Who may come into the operator's console: whoever has shown OPERATOR_TOKEN to its form, and sends forms of its own pages. */
import type { MiddlewareHandler } from "hono";
import {
  doorPage,
  isFromElsewhere,
  judgeFormToken,
  makeFormToken,
  readPosted,
  seeOther,
  TOKEN_FIELD,
} from "../frame/index.ts";
import { doneSentence } from "./done.ts";
import { COMPANIES_PATH, CONSOLE_NAME, type OperatorEnv, SIGN_IN_PATH } from "./operator.ts";
import { readOperatorSession } from "./session.ts";

/** Stands where a company's id would in the derivation of keys; ids are UUIDs, so it is none. */
const FORMS_OF = "operator";

export const operatorsOnly: MiddlewareHandler<OperatorEnv> = async (c, next) => {
  const services = c.get("services");
  const current = await readOperatorSession(services, c.req.raw);
  const { pathname, searchParams } = new URL(c.req.url);
  if (current === null) {
    const target = c.req.method === "GET" ? pathname : COMPANIES_PATH;
    return seeOther(`${SIGN_IN_PATH}?to=${encodeURIComponent(target)}`);
  }
  const { session, setCookie } = current;
  c.set("visit", {
    services,
    actor: { kind: "operator" },
    formToken: await makeFormToken(services.sealer, FORMS_OF, session),
    done: doneSentence(searchParams.get("done")),
  });
  if (c.req.method !== "GET" && c.req.method !== "HEAD") {
    const refuse = (status: number, sentence: string) => nothingChanged(status, sentence);
    if (c.req.method !== "POST") return refuse(405, "The console knows no such method.");
    if (isFromElsewhere(c.req.raw)) return refuse(403, "This form was sent by another site.");
    const posted = await readPosted(c.req.raw);
    if (posted === null) return refuse(400, "What arrived is not a form that we can read, or it is too large.");
    // Made for an earlier session is as good: there is one operator.
    const judged = await judgeFormToken(services.sealer, FORMS_OF, session, posted.text(TOKEN_FIELD));
    if (judged === "foreign") return refuse(403, "This form is not one of yours. Open its page anew and try again.");
    c.set("posted", posted);
    c.set("audited", null);
  }
  await next();
  if (setCookie !== null && c.res.headers.getSetCookie().length === 0) c.res.headers.append("set-cookie", setCookie);
  return;
};

export function nothingChanged(status: number, sentence: string, back = COMPANIES_PATH): Response {
  const links = [{ href: back, label: back === COMPANIES_PATH ? "Companies" : "Back" }];
  return doorPage(CONSOLE_NAME, { status, title: "Nothing was changed", sentence, links });
}
