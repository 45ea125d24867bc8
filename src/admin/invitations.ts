/**
 * One-time links instead of mail: an invitation lets a user of the company choose a password, a set-up link makes its person
 * the company's first administrator. The address is shown once, when the link is made; only a hash of its token is kept.
 */
import * as z from "zod/mini";
import type { Services } from "../context.ts";
import {
  type Company,
  createInvitation,
  emailKey,
  findGroup,
  findInvitation,
  findUserByEmail,
  type Invitation,
  newId,
  deleteInvitation as removeInvitation,
  type User,
} from "../store/index.ts";
import { type Actor, auditRecord } from "./actor.ts";
import { email, id, line, NAME_CHARS_MAX, time, timeText } from "./fields.ts";
import { type Answer, answer, conflict, invalid, notFound } from "./problems.ts";
import { secretSha256 } from "./tokens.ts";
import { readUser } from "./users.ts";

export const LINK_HOURS_DEFAULT = 72;
export const LINK_HOURS_MAX = 720;
const TOKEN_BYTES = 32;
/** Where the sign-in journey takes links. */
const LINK_PATH = "/sso/local/invitation";
const HOUR = 3_600_000;

type Kind = Invitation["kind"];
type Of<K extends Kind> = Extract<Invitation, { kind: K }>;

const url = z.string().check(z.meta({ description: "The link to hand over. Shown this once.", format: "uri" }));
const expiresInHours = z._default(z.int().check(z.minimum(1), z.maximum(LINK_HOURS_MAX)), LINK_HOURS_DEFAULT);

export const invitationView = z.object({ id: z.string(), userId: z.string(), createdAt: time, expiresAt: time });
export const invitationWithUrlView = z.extend(invitationView, { url });
export const newInvitation = z.strictObject({ userId: id, expiresInHours });

export const setupLinkView = z.object({
  id: z.string(),
  email: z.string(),
  firstName: z.string(),
  lastName: z.string(),
  createdAt: time,
  expiresAt: time,
});
export const setupLinkWithUrlView = z.extend(setupLinkView, { url });
export const newSetupLink = z.strictObject({
  email,
  firstName: z._default(line(0, NAME_CHARS_MAX), ""),
  lastName: z._default(line(0, NAME_CHARS_MAX), ""),
  expiresInHours,
});

export function viewInvitation(link: Of<"invitation">): z.infer<typeof invitationView> {
  const { id, userId } = link;
  return { id, userId, createdAt: timeText(link.createdAt), expiresAt: timeText(link.expiresAt) };
}

export function viewSetupLink(link: Of<"setup">): z.infer<typeof setupLinkView> {
  const { id, email, firstName, lastName } = link;
  return { id, email, firstName, lastName, createdAt: timeText(link.createdAt), expiresAt: timeText(link.expiresAt) };
}

function view(link: Invitation) {
  return link.kind === "setup" ? viewSetupLink(link) : viewInvitation(link);
}

export interface MadeLink<K extends Kind> {
  readonly link: Of<K>;
  readonly url: string;
}

/** Also the way to a new password for somebody who forgot theirs. */
export async function makeInvitation(
  services: Services,
  actor: Actor,
  company: Company,
  input: z.infer<typeof newInvitation>,
): Promise<Answer<MadeLink<"invitation">>> {
  const user = await readUser(services, company, input.userId);
  if (!user.ok) return invalid([{ path: "userId", message: "Is not a user of this company" }]);
  const barred = await whyBarred(services, company, user.value);
  if (barred !== null) return conflict("userId", barred);
  const times = lifeOf(services, input.expiresInHours);
  return make(services, actor, company, { id: newId(), kind: "invitation", userId: input.userId, ...times });
}

/** For the operator: works without any identity provider, user or group in place. */
export async function makeSetupLink(
  services: Services,
  actor: Actor,
  company: Company,
  input: z.infer<typeof newSetupLink>,
): Promise<Answer<MadeLink<"setup">>> {
  const { firstName, lastName } = input;
  const email = emailKey(input.email);
  const user = await findUserByEmail(services.database, company.id, email);
  const barred = user && (await whyBarred(services, company, user, "administrator"));
  if (barred) return conflict("email", barred);
  const times = lifeOf(services, input.expiresInHours);
  return make(services, actor, company, { id: newId(), kind: "setup", email, firstName, lastName, ...times });
}

/** A link never moves anybody into another group, nor past the rules of the one they are in. */
async function whyBarred(services: Services, company: Company, user: User, type?: "administrator") {
  if (user.status !== "active") return "This user is disabled";
  const group = await findGroup(services.database, company.id, user.groupId);
  if (group === null || group.ssoOnly) return "This user’s permission group can only sign in via Single Sign-On";
  if (type !== undefined && group.type !== type) return "This user exists, in a permission group of another type";
  return null;
}

function lifeOf(services: Services, hours: number) {
  const createdAt = services.now();
  return { createdAt, expiresAt: createdAt + hours * HOUR };
}

async function make<K extends Kind>(
  services: Services,
  actor: Actor,
  company: Company,
  link: Of<K>,
): Promise<Answer<MadeLink<K>>> {
  const token = Buffer.from(crypto.getRandomValues(new Uint8Array(TOKEN_BYTES))).toString("base64url");
  const record = auditRecord(services, actor, company.id, {
    action: "create",
    resource: "invitation",
    resourceId: link.id,
    before: null,
    after: view(link),
  });
  const made = await createInvitation(services.database, company.id, link, secretSha256(token), record);
  if (made !== "done") return notFound(link.kind === "setup" ? "company" : "user");
  const { scheme, baseDomain } = services.config;
  return answer({ link, url: `${scheme}//${company.slug}.${baseDomain}${LINK_PATH}?token=${token}` });
}

/** In force at once, on every node: a link is looked up when it is used. */
export async function revokeLink(
  services: Services,
  actor: Actor,
  company: Company,
  kind: Kind,
  id: string,
): Promise<Answer<null>> {
  const what = kind === "setup" ? "set-up link" : "invitation";
  const link = await findInvitation(services.database, company.id, kind, id);
  if (link === null) return notFound(what);
  const record = auditRecord(services, actor, company.id, {
    action: "delete",
    resource: "invitation",
    resourceId: id,
    before: view(link),
    after: null,
  });
  const revoked = await removeInvitation(services.database, company.id, kind, id, record);
  return revoked ? answer(null) : notFound(what);
}
