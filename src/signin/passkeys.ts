/**
 * `/sso/local/passkeys`: a person's own passkeys. Whoever comes to a browser that somebody left signed in must not be able to
 * leave a key of their own behind: adding and removing ask for a sign-in of the last quarter of an hour.
 */
import type { Context } from "hono";
import type { AppEnv } from "../context.ts";
import { type RefusalCode, refusalResponse, visitorWords } from "../failure.ts";
import { type PageProblem, passkeysPage } from "../pages/index.ts";
import type { Check } from "../saml/index.ts";
import { readSession, type Session } from "../session/index.ts";
import {
  type AuditRecord,
  addPasskey,
  deletePasskey,
  newId,
  PASSKEYS_PER_USER_MAX,
  type Passkey,
  type PasskeyOwner,
  preparePasskeys,
} from "../store/index.ts";
import { unicode } from "../unicode.ts";
import { whyBarred } from "./local.ts";
import { type OwnForm, readOwnForm, withFormToken } from "./local-form.ts";
import { recordRefusal } from "./local-session.ts";
import { CHALLENGE_SECONDS, judgeChallenge, makeChallenge } from "./passkey-challenge.ts";
import { ALGORITHMS, checkCeremony, readCeremony, readNewKey, refused, rpIdOf, userHandleOf } from "./passkey-proof.ts";
import { noBrowser, optionsResponse } from "./passkey-sign-in.ts";

export const PASSKEYS_PATH = "/sso/local/passkeys";
/** After this a change asks for a new sign-in. */
export const RECENT_SIGN_IN_MINUTES = 15;
export const PASSKEY_NAME_CHARS_MAX = 60;
/** Controls, line breaks, and what turns the reading direction around or can't be seen. */
const UNSAFE = unicode(String.raw`[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?![\u200C\u200D])\p{Cf}`);

interface Visit {
  readonly session: Session;
  readonly setCookie: string | null;
  readonly owner: PasskeyOwner;
  readonly recent: boolean;
}

/** The signed-in person who may have passkeys, or the answer to anybody else. */
async function visitOf(c: Context<AppEnv>): Promise<Visit | Response> {
  const services = c.get("services");
  const tenant = c.get("tenant");
  const current = await readSession(services, tenant, c.req.raw);
  const owner = current && (await preparePasskeys(services.database, tenant.company.id, current.session.userId));
  if (owner === null) return c.redirect(`/sso/local?return_to=${encodeURIComponent(PASSKEYS_PATH)}`, 303);
  const { session, setCookie } = current!;
  const barred = whyBarred(owner.companyStatus, owner.user, owner.group);
  if (barred !== null) return refuse(c, session, "local_not_allowed", barred);
  const age = services.now() - session.signedInAt;
  return { session, setCookie, owner, recent: age >= 0 && age <= RECENT_SIGN_IN_MINUTES * 60_000 };
}

async function refuse(c: Context<AppEnv>, session: Session | null, code: RefusalCode, check: Check): Promise<Response> {
  const reference = await note(c, session, code, check);
  return refusalResponse({ code, reference, retry: PASSKEYS_PATH });
}

function note(c: Context<AppEnv>, session: Session | null, code: RefusalCode, check: Check): Promise<string> {
  const { email = null, userId = null } = session ?? {};
  return recordRefusal(c, { code, email, userId, checks: [check] });
}

/** `GET /sso/local/passkeys` */
export async function showPasskeys(c: Context<AppEnv>): Promise<Response> {
  const visit = await visitOf(c);
  return visit instanceof Response ? visit : show(c, visit, null);
}

/** `GET /sso/local/passkeys/options`: PublicKeyCredentialCreationOptionsJSON. */
export async function newPasskeyOptions(c: Context<AppEnv>): Promise<Response> {
  const visit = await visitOf(c);
  if (visit instanceof Response) return visit;
  const { company, baseUrl } = c.get("tenant");
  const { user, passkeys } = visit.owner;
  const challenge = await makeChallenge(c, `add ${user.id}`);
  if (challenge === null) return noBrowser();
  const name = [user.firstName, user.lastName].filter((part) => part !== "").join(" ");
  return optionsResponse({
    challenge,
    rp: { id: rpIdOf(baseUrl), name: company.name },
    user: { id: userHandleOf(user.id), name: user.email, displayName: name || user.email },
    pubKeyCredParams: ALGORITHMS.map(({ cose }) => ({ type: "public-key", alg: cose })),
    excludeCredentials: passkeys.map(({ id, transports }) => ({ type: "public-key", id, transports })),
    authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
    attestation: "none",
    timeout: CHALLENGE_SECONDS * 1000,
  });
}

type Posted = { readonly visit: Visit; readonly fields: URLSearchParams };

/** The person and the form of a change, or the answer where there is to be none. */
async function posted(c: Context<AppEnv>): Promise<Posted | Response> {
  const form: OwnForm = await readOwnForm(c);
  if (!form.ok) {
    const { expected, received } = form;
    return refuse(c, null, "confirmation_invalid", { name: "form", ok: false, expected, received });
  }
  const visit = await visitOf(c);
  if (visit instanceof Response) return visit;
  if (!visit.recent) return show(c, visit, SIGN_IN_AGAIN);
  return { visit, fields: form.fields };
}

/** `POST /sso/local/passkeys` */
export async function createPasskey(c: Context<AppEnv>): Promise<Response> {
  const given = await posted(c);
  if (given instanceof Response) return given;
  const { visit, fields } = given;
  const { session, owner } = visit;
  const { company, baseUrl } = c.get("tenant");
  const { database, now } = c.get("services");
  const name = (fields.get("name") ?? "").trim();
  if (name === "" || name.length > PASSKEY_NAME_CHARS_MAX || UNSAFE().test(name)) return show(c, visit, NAME_IT);
  if (owner.passkeys.length >= PASSKEYS_PER_USER_MAX) return show(c, visit, ENOUGH);

  const no = ({ code, check }: { code: RefusalCode; check: Check }) => showRefusal(c, visit, code, check);
  const ceremony = readCeremony(fields);
  if (!ceremony.ok) return no(ceremony);
  const judged = await judgeChallenge(c, `add ${owner.user.id}`, ceremony.client.challenge);
  if (!judged.ok) return no(judged);
  const fault = checkCeremony(ceremony, { type: "webauthn.create", origin: baseUrl });
  if (fault !== null) return no(fault);
  const made = await readNewKey(ceremony, fields);
  if (!made.ok) return no(made);

  const passkey = { ...made.key, userId: owner.user.id, name, createdAt: now(), lastUsedAt: null };
  const outcome = await addPasskey(database, company.id, {
    passkey,
    sessionId: session.id,
    challenge: judged.challenge,
    record: recordOf(c, session, passkey, "create"),
  });
  if (outcome === "done") return c.redirect(`${PASSKEYS_PATH}?done=added`, 303);
  if (outcome === "challenge_used") return no(refused("passkey_challenge_used", "challenge", "not yet used", "used"));
  if (outcome === "exists") return no(refused("passkey_exists", "passkey", "a new one", "one that is known"));
  return no(refused("local_not_allowed", "user", "what was read a moment ago", "changed meanwhile"));
}

/** `POST /sso/local/passkeys/remove` */
export async function removePasskey(c: Context<AppEnv>): Promise<Response> {
  const given = await posted(c);
  if (given instanceof Response) return given;
  const { session, owner } = given.visit;
  const passkey = owner.passkeys.find(({ id }) => id === given.fields.get("id"));
  // Gone already is as good as removed.
  if (passkey !== undefined) {
    const record = recordOf(c, session, passkey, "delete");
    const { id } = c.get("tenant").company;
    await deletePasskey(c.get("services").database, id, owner.user.id, passkey.id, record, session.id);
  }
  return c.redirect(`${PASSKEYS_PATH}?done=removed`, 303);
}

/** The audit log says which key it was; the key itself is no news to it. */
function recordOf(
  c: Context<AppEnv>,
  session: Session,
  { id, userId, name, algorithm }: Passkey,
  action: "create" | "delete",
): AuditRecord {
  c.set("audited", c.get("tenant").company.id);
  const view = { id, userId, name, algorithm };
  return {
    id: newId(),
    companyId: c.get("tenant").company.id,
    at: c.get("services").now(),
    actor: `user:${session.userId}`,
    action,
    resource: "passkey",
    resourceId: id,
    before: action === "create" ? null : view,
    after: action === "create" ? view : null,
  };
}

const plain = (status: number, title: string, sentence: string, advice: string): PageProblem => ({
  status,
  title,
  sentence,
  advice,
  reference: null,
});
const SIGN_IN_AGAIN = plain(403, "Your passkeys", "Nothing was changed.", "Sign in again first, then repeat it.");
const NAME_IT = plain(
  422,
  "Your passkeys",
  "The passkey was not added.",
  `Give it a name of 1 to ${PASSKEY_NAME_CHARS_MAX} plain characters.`,
);
const ENOUGH = plain(
  409,
  "Your passkeys",
  "The passkey was not added.",
  `You have ${PASSKEYS_PER_USER_MAX} already: remove one first.`,
);

async function showRefusal(c: Context<AppEnv>, visit: Visit, code: RefusalCode, check: Check): Promise<Response> {
  const reference = await note(c, visit.session, code, check);
  const { status, title, sentence, advice } = visitorWords(code);
  return show(c, visit, { status, title, sentence, advice, reference });
}

async function show(c: Context<AppEnv>, visit: Visit, problem: PageProblem | null): Promise<Response> {
  const { owner, recent, setCookie } = visit;
  const done = c.req.query("done") ?? null;
  const page = await withFormToken(c, (formToken) =>
    passkeysPage({
      company: c.get("tenant").company,
      email: owner.user.email,
      passkeys: owner.passkeys,
      formToken,
      recent,
      full: owner.passkeys.length >= PASSKEYS_PER_USER_MAX,
      nameCharsMax: PASSKEY_NAME_CHARS_MAX,
      signInUrl: `/sso/local?return_to=${encodeURIComponent(PASSKEYS_PATH)}`,
      home: owner.group.type === "administrator" ? "/sso/admin" : "/",
      done: done === "added" || done === "removed" ? done : null,
      problem,
    }),
  );
  if (setCookie !== null) page.headers.append("set-cookie", setCookie);
  return page;
}
